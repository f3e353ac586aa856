using System.IO.Pipelines;

namespace Pico.Server.Upstreams.Tunnels.Http;

/// <summary>A connection's pipes as HTTP gets them. They are ended by it only if they have not become a tunnel's.</summary>
internal sealed class BorrowedPipes(IDuplexPipe pipes, HttpPhase phase) : IDuplexPipe
{
    /// <inheritdoc/>
    public PipeReader Input { get; } = new BorrowedReader(pipes.Input, phase);

    /// <inheritdoc/>
    public PipeWriter Output { get; } = new BorrowedWriter(pipes.Output, phase);

    private sealed class BorrowedReader(PipeReader reader, HttpPhase phase) : PipeReader
    {
        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => reader.ReadAsync(cancellationToken);

        public override bool TryRead(out ReadResult result) => reader.TryRead(out result);

        public override void AdvanceTo(SequencePosition consumed) => reader.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => reader.AdvanceTo(consumed, examined);

        public override void CancelPendingRead()
        {
            if (phase.Offer is null)
                reader.CancelPendingRead();
        }

        public override void Complete(Exception? exception = null)
        {
            if (phase.Offer is null)
                reader.Complete(exception);
        }
    }

    private sealed class BorrowedWriter(PipeWriter writer, HttpPhase phase) : PipeWriter
    {
        public override bool CanGetUnflushedBytes => writer.CanGetUnflushedBytes;

        public override long UnflushedBytes => writer.UnflushedBytes;

        public override Memory<byte> GetMemory(int sizeHint = 0) => writer.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => writer.GetSpan(sizeHint);

        public override void Advance(int bytes) => writer.Advance(bytes);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => writer.FlushAsync(cancellationToken);

        public override void CancelPendingFlush()
        {
            if (phase.Offer is null)
                writer.CancelPendingFlush();
        }

        public override void Complete(Exception? exception = null)
        {
            if (phase.Offer is null)
                writer.Complete(exception);
        }
    }
}
