using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Pico.Agent.Forwarding;

/// <summary>A plain TCP connection. The socket's own value tasks allocate nothing per call.</summary>
internal sealed class SocketConnection(Socket socket) : ServiceConnection
{
    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => socket.ReceiveAsync(buffer, SocketFlags.None);

    public override bool HasData => socket.Available > 0;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask SendAsync(ReadOnlyMemory<byte> data)
    {
        while (!data.IsEmpty)
            data = data[await socket.SendAsync(data, SocketFlags.None).ConfigureAwait(false)..];
    }

    public override ValueTask CompleteSendAsync()
    {
        socket.Shutdown(SocketShutdown.Send);
        return ValueTask.CompletedTask;
    }

    public override void Abort() => SocketReset.Reset(socket);

    public override void Dispose() => socket.Dispose();
}
