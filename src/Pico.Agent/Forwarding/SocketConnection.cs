using System.Net.Sockets;

namespace Pico.Agent.Forwarding;

/// <summary>A plain TCP connection. The socket's own value tasks allocate nothing per call.</summary>
internal sealed class SocketConnection(Socket socket) : ServiceConnection
{
    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => socket.ReceiveAsync(buffer, SocketFlags.None);

    public override bool HasData => socket.Available > 0;

    public override ValueTask SendAsync(ReadOnlyMemory<byte> data)
    {
        var sent = socket.SendAsync(data, SocketFlags.None);
        return sent.IsCompletedSuccessfully && sent.Result == data.Length ? ValueTask.CompletedTask : SendRestAsync(sent, data);
    }

    private async ValueTask SendRestAsync(ValueTask<int> pending, ReadOnlyMemory<byte> data)
    {
        for (var sent = await pending.ConfigureAwait(false); sent < data.Length;)
            sent += await socket.SendAsync(data[sent..], SocketFlags.None).ConfigureAwait(false);
    }

    public override ValueTask CompleteSendAsync()
    {
        socket.Shutdown(SocketShutdown.Send);
        return ValueTask.CompletedTask;
    }

    public override void Abort() => SocketReset.Reset(socket);

    public override void Dispose() => socket.Dispose();
}
