using System.Diagnostics.CodeAnalysis;
using Pico.Server.Proxy;
using Pico.Tunnel;

namespace Pico.Server.Upstreams;

/// <summary>What <see cref="UpstreamConnector.ConnectAsync"/> found: a stream and its upstream, or the error and what it was in words.</summary>
internal readonly struct ConnectResult
{
    private ConnectResult(Upstream? upstream, TunnelStream? stream, bool isReused, ProxyError error, string detail)
    {
        Upstream = upstream;
        Stream = stream;
        IsReused = isReused;
        Error = error;
        Detail = detail;
    }

    /// <summary>True if there is a stream.</summary>
    [MemberNotNullWhen(true, nameof(Upstream), nameof(Stream))]
    public bool IsConnected => Stream is not null;

    /// <summary>The upstream; the caller owes it one <see cref="Upstream.EndRequest"/>.</summary>
    public Upstream? Upstream { get; }

    /// <summary>The stream; the caller owns it.</summary>
    public TunnelStream? Stream { get; }

    /// <summary>True if the stream was idle before: the service may have closed it at this very moment.</summary>
    public bool IsReused { get; }

    /// <summary><see cref="ProxyError.None"/> if there is a stream.</summary>
    public ProxyError Error { get; }

    /// <summary>What went wrong, for people.</summary>
    public string Detail { get; }

    public static ConnectResult Opened(Upstream upstream, TunnelStream stream) => new(upstream, stream, false, ProxyError.None, "");

    public static ConnectResult Rented(Upstream upstream, TunnelStream stream) => new(upstream, stream, true, ProxyError.None, "");

    public static ConnectResult Failed(ProxyError error, string detail) => new(null, null, false, error, detail);
}
