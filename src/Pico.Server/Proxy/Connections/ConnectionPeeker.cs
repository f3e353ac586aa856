using System.Buffers;
using System.IO.Pipelines;

namespace Pico.Server.Proxy.Connections;

/// <summary>How looking at a connection's first bytes ended.</summary>
internal enum PeekEnd
{
    /// <summary>What was looked for has been decided.</summary>
    Decided,

    /// <summary>The client closed before enough came.</summary>
    Closed,

    /// <summary>Not enough came in time.</summary>
    TimedOut,
}

/// <summary>Looks at the first bytes of a connection, within a time, and leaves those that aren't consumed for the next reader.</summary>
internal static class ConnectionPeeker
{
    /// <summary>
    /// Reads until <paramref name="look"/> has decided. It gives how many bytes to consume, or -1 for "more is needed". Bytes that are not
    /// consumed are given to the next read at once. A <paramref name="timeout"/> of zero is none.
    /// </summary>
    public static async ValueTask<PeekEnd> PeekAsync(PipeReader input, Func<ReadOnlySequence<byte>, long> look, TimeSpan timeout, TimeProvider time)
    {
        using var timer = new CancellationTokenSource(timeout > TimeSpan.Zero ? timeout : Timeout.InfiniteTimeSpan, time);

        // A pipe refuses to examine less than before, and gives bytes again only if not all of them were examined. Every decision follows new
        // bytes, so the position examined before them satisfies both.
        long examined = 0;
        while (true)
        {
            ReadResult result;
            try
            {
                result = await input.ReadAsync(timer.Token);
            }
            catch (OperationCanceledException)
            {
                return PeekEnd.TimedOut;
            }
            catch (IOException)
            {
                return PeekEnd.Closed;
            }

            var buffer = result.Buffer;
            var consumed = look(buffer);
            if (consumed >= 0)
            {
                input.AdvanceTo(buffer.GetPosition(consumed), buffer.GetPosition(Math.Max(consumed, examined)));
                return PeekEnd.Decided;
            }

            examined = buffer.Length;
            input.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted || result.IsCanceled)
                return PeekEnd.Closed;
        }
    }
}
