using Microsoft.Extensions.Logging;
using Pico.Tunnel.Protocol;

namespace Pico.Tunnel;

/// <summary>What tunnels log. Event IDs 1000 to 1099.</summary>
internal static partial class TunnelLog
{
    [LoggerMessage(1000, LogLevel.Debug, "Tunnel with {Peer} ({Address}) ended: {Error}: {Reason}")]
    public static partial void TunnelEnded(ILogger logger, string peer, string address, TunnelError error, string reason);

    [LoggerMessage(1001, LogLevel.Warning, "Tunnel with {Peer} ({Address}) is broken and ends: {Error}: {Reason}")]
    public static partial void TunnelBroken(ILogger logger, string peer, string address, TunnelError error, string reason);

    [LoggerMessage(1002, LogLevel.Error, "Tunnel with {Peer} ({Address}): a handler failed; the tunnel ends")]
    public static partial void HandlerFailed(ILogger logger, string peer, string address, Exception exception);

    [LoggerMessage(1003, LogLevel.Debug, "Tunnel with {Peer} ({Address}): stream {Stream} exceeded its window and was reset")]
    public static partial void WindowExceeded(ILogger logger, string peer, string address, uint stream);
}
