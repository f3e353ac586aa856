using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Pico.Tunnel;
using Pico.Tunnel.Streams;
using Pico.Tunnel.Transports;

namespace Pico.Tests.Tunnel;

/// <summary>Two transports joined in memory.</summary>
internal static class MemoryTransport
{
    /// <summary>What one side sends, the other receives; each direction buffers up to <paramref name="capacity"/> bytes.</summary>
    public static (TunnelTransport Client, TunnelTransport Server) CreatePair(int capacity = 1024 * 1024)
    {
        var (client, server) = CreateStreams(capacity);
        return (new StreamTransport(client, "memory:client"), new StreamTransport(server, "memory:server"));
    }

    /// <summary>The same as plain streams.</summary>
    public static (Stream Client, Stream Server) CreateStreams(int capacity = 1024 * 1024)
    {
        var options = new PipeOptions(pauseWriterThreshold: capacity, resumeWriterThreshold: capacity / 2, useSynchronizationContext: false);
        var up = new Pipe(options);
        var down = new Pipe(options);
        return (new MemoryStreamEnd(down.Reader, up.Writer), new MemoryStreamEnd(up.Reader, down.Writer));
    }

    private sealed class MemoryStreamEnd(PipeReader input, PipeWriter output) : DuplexStream(input)
    {
        private readonly PipeReader _input = input;

        // Pooled, so that what a request or a frame allocates can be measured through this transport.
        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var result = await _input.ReadAsync(cancellationToken);
            var count = (int)Math.Min(result.Buffer.Length, buffer.Length);
            var taken = result.Buffer.Slice(0, count);
            System.Buffers.BuffersExtensions.CopyTo(taken, buffer.Span);
            _input.AdvanceTo(taken.End);
            if (result.IsCanceled)
                throw new IOException("aborted");
            return count;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var result = await output.WriteAsync(buffer, cancellationToken);
            if (result.IsCompleted || result.IsCanceled)
                throw new IOException("The peer is gone.");
        }

        protected override void Dispose(bool disposing)
        {
            // Both ends of both pipes notice: the peer reads to its end, pending calls of this side fail.
            output.CancelPendingFlush();
            output.Complete();
            _input.CancelPendingRead();
            base.Dispose(disposing);
        }
    }
}
