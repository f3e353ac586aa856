using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Pico.Server.Upstreams.Tunnels.Http;

/// <summary>
/// A connection's pipes as a stream, to read and write at the same time. A read into nothing waits until there is something. Whoever has the connection ends it: disposing of
/// this does nothing.
/// </summary>
internal sealed class PipeStream(IDuplexPipe pipes) : Stream
{
    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var result = await pipes.Input.ReadAsync(cancellationToken);
        var taken = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, buffer.Length));
        var count = (int)taken.Length;
        taken.CopyTo(buffer.Span);
        pipes.Input.AdvanceTo(taken.End);
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var writing = pipes.Output.WriteAsync(buffer, cancellationToken);
        if (!writing.IsCompletedSuccessfully)
            return WaitAsync(writing);
        Require(writing.Result);
        return ValueTask.CompletedTask;
    }

    public override async Task FlushAsync(CancellationToken cancellationToken) => Require(await pipes.Output.FlushAsync(cancellationToken));

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask WaitAsync(ValueTask<FlushResult> writing) => Require(await writing);

    private static void Require(FlushResult result)
    {
        if (result.IsCompleted || result.IsCanceled)
            throw new IOException("the peer closed the connection");
    }
}
