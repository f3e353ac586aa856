using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Pico.Tunnel.Streams;

namespace Pico.Server.Upstreams.Tunnels.Http;

/// <summary>A connection's pipes as a stream. Whoever has the connection ends it: disposing of this does nothing.</summary>
internal sealed class PipeStream(IDuplexPipe pipes) : DuplexStream(pipes.Input)
{
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var writing = pipes.Output.WriteAsync(buffer, cancellationToken);
        if (!writing.IsCompletedSuccessfully)
            return WaitAsync(writing);
        Require(writing.Result);
        return ValueTask.CompletedTask;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask WaitAsync(ValueTask<FlushResult> writing) => Require(await writing);

    private static void Require(FlushResult result)
    {
        if (result.IsCompleted || result.IsCanceled)
            throw new IOException("the peer closed the connection");
    }
}
