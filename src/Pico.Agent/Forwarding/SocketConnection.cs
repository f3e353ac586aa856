using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Pico.Agent.Forwarding;

/// <summary>A plain TCP connection. The socket's own value tasks allocate nothing per call.</summary>
internal sealed class SocketConnection : ServiceConnection
{
    private readonly Socket _socket;

    public SocketConnection(Socket socket)
    {
        _socket = socket;
        // For the synchronous receive, which would else wait.
        socket.Blocking = false;
    }

    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => _socket.ReceiveAsync(buffer, SocketFlags.None);

    public override ValueTask<int> TryReceiveAsync(Memory<byte> buffer)
    {
        var received = _socket.Receive(buffer.Span, SocketFlags.None, out var error);
        return error switch
        {
            SocketError.Success => ValueTask.FromResult(received),
            SocketError.WouldBlock => ValueTask.FromResult(-1),
            _ => ValueTask.FromException<int>(new SocketException((int)error)),
        };
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask SendAsync(ReadOnlyMemory<byte> data)
    {
        while (!data.IsEmpty)
            data = data[await _socket.SendAsync(data, SocketFlags.None).ConfigureAwait(false)..];
    }

    public override ValueTask CompleteSendAsync()
    {
        _socket.Shutdown(SocketShutdown.Send);
        return ValueTask.CompletedTask;
    }

    public override void Abort() => SocketReset.Reset(_socket);

    public override void Dispose() => _socket.Dispose();
}
