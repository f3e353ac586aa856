using System.Net.Security;
using System.Net.Sockets;

namespace Pico.Agent.Forwarding;

/// <summary>TLS over a TCP connection.</summary>
internal sealed class TlsConnection(Socket socket, SslStream tls) : ServiceConnection
{
    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => tls.ReadAsync(buffer);

    // What was decrypted already comes at once; a record is at most 16 KiB.
    public override ValueTask<int> TryReceiveAsync(Memory<byte> buffer) => tls.ReadAsync(buffer);

    public override ValueTask SendAsync(ReadOnlyMemory<byte> data) => tls.WriteAsync(data);

    // close_notify (RFC 8446 section 6.1); the socket stays open for what the service still sends.
    public override async ValueTask CompleteSendAsync() => await tls.ShutdownAsync().ConfigureAwait(false);

    public override void Abort() => SocketReset.Reset(socket);

    public override void Dispose() => tls.Dispose();
}
