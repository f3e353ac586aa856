using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Pico.Tunnel.Protocol;
using Pico.Tunnel.Splicing;

namespace Pico.Server.Tcp.Sni;

/// <summary>
/// A client's TCP connection as an end of a splice. It is read through the transport's pipe, which has the bytes that were peeked at, and
/// written straight to the socket: the transport's own output knows no half-close.
/// </summary>
internal sealed class PassthroughClient(ConnectionContext connection, Socket socket) : SpliceEnd
{
    /// <inheritdoc/>
    public override PipeReader Input => connection.Transport.Input;

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlySequence<byte> data)
    {
        foreach (var segment in data)
        {
            var rest = segment;
            while (!rest.IsEmpty)
                rest = rest[await socket.SendAsync(rest, SocketFlags.None)..];
        }
    }

    /// <inheritdoc/>
    public override void CompleteOutput() => socket.Shutdown(SocketShutdown.Send);

    /// <inheritdoc/>
    public override void Abort(StreamError error)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0); // a reset: no client takes it for the end
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }

        connection.Abort(new ConnectionAbortedException($"The other side of the connection ended: {error}."));
    }
}
