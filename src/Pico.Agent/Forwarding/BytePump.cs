using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Agent.Forwarding;

/// <summary>
/// Moves bytes between a stream and a TCP connection, both ways at once, until both directions have ended.
/// <code>
///   tunnel ══ Input ──▶ (1) send from the stream's own segments ──▶ service
///   tunnel ◀══ Write ── (3) one lent block ◀── (2) wait with a small block, or with none ── service
/// </code>
/// (4) The end of one direction is passed on as a half-close; the other lives on.
/// (5) A reset or failure ends both, on both sides, as a reset: never as an orderly end.
/// </summary>
internal sealed class BytePump(ReceiveBuffers buffers, TimeProvider time, ForwardingStatistics statistics)
{
    /// <summary>How long a stream lingers whose service no longer takes data but ended its own orderly: the peer may still be reading the answer.</summary>
    private static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(5);

    /// <summary>Never throws; both ends are closed when it returns. Gives the service's failure, if that ended it.</summary>
    public async Task<Exception?> RunAsync(TunnelStream stream, ServiceConnection service)
    {
        // Each direction may stand still in a wait for the service, which a reset of the stream would not end.
        stream.OnBroken(static s => ((ServiceConnection)s!).Abort(), service); // (5)
        var toService = SendToServiceAsync(stream, service);
        var failure = await ReceiveFromServiceAsync(stream, service).ConfigureAwait(false);
        var end = await toService.ConfigureAwait(false);
        // An early answer (a 413 before the body was read, say) comes whole although the service stopped reading.
        if (end == SendEnd.ServiceClosed && failure is null)
            await LingerAsync(stream).ConfigureAwait(false);
        service.Dispose();
        await stream.DisposeAsync().ConfigureAwait(false);
        return end == SendEnd.ResetByPeer ? null : failure;
    }

    private enum SendEnd
    {
        Completed,
        ResetByPeer,
        BrokenByService,
        ServiceClosed,
    }

    private async Task<SendEnd> SendToServiceAsync(TunnelStream stream, ServiceConnection service)
    {
        var input = stream.Input;
        var reading = true;
        try
        {
            while (true)
            {
                var result = await input.ReadAsync().ConfigureAwait(false);
                // A segment at a time: what was sent is given back before the next is, so that the peer sees how fast the service is.
                var segment = result.Buffer.First;
                reading = false;
                if (!segment.IsEmpty)
                    await service.SendAsync(segment).ConfigureAwait(false); // (1)
                reading = true;
                statistics.CountToService(segment.Length);
                input.AdvanceTo(result.Buffer.GetPosition(segment.Length));
                if (!result.IsCompleted || segment.Length < result.Buffer.Length)
                    continue;
                await service.CompleteSendAsync().ConfigureAwait(false); // (4)
                return SendEnd.Completed;
            }
        }
        catch (Exception e) when (reading)
        {
            service.Abort(); // (5)
            return e is StreamException { Error: StreamError.ServiceReset } ? SendEnd.BrokenByService : SendEnd.ResetByPeer;
        }
        catch (Exception)
        {
            // What the service still says decides: an orderly end, or the reset that this was.
            return SendEnd.ServiceClosed;
        }
    }

    private async Task<Exception?> ReceiveFromServiceAsync(TunnelStream stream, ServiceConnection service)
    {
        var size = new ReceiveSize();
        var waiting = buffers.BeginWaiting();
        try
        {
            while (true)
            {
                // A connection whose reads are large would cut off each one's beginning with the small block.
                var small = size.IsSmallest ? waiting : null;
                var first = await service.ReceiveAsync(small?.Memory ?? Memory<byte>.Empty).ConfigureAwait(false); // (2)
                if (small is not null)
                {
                    if (!await PassOnAsync(stream, small.Memory[..first]).ConfigureAwait(false))
                        return null;
                    size.Note(first, small.Memory.Length);
                    if (first < small.Memory.Length)
                        continue;
                }

                int received, asked;
                do
                {
                    var block = buffers.Rent(size);
                    try
                    {
                        asked = block.Memory.Length;
                        received = await service.TryReceiveAsync(block.Memory).ConfigureAwait(false);
                        if (received < 0)
                            break;
                        if (!await PassOnAsync(stream, block.Memory[..received]).ConfigureAwait(false)) // (3)
                            return null;
                    }
                    finally
                    {
                        buffers.Return(block);
                    }

                    size.Note(received, asked);
                }
                while (received == asked);
            }
        }
        catch (Exception e)
        {
            stream.Abort(StreamError.ServiceReset); // (5)
            service.Abort();
            return e;
        }
        finally
        {
            buffers.EndWaiting(waiting);
        }
    }

    /// <summary>False when that was the service's end.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> PassOnAsync(TunnelStream stream, ReadOnlyMemory<byte> data)
    {
        if (data.IsEmpty)
        {
            stream.CompleteOutput(); // (4)
            return false;
        }

        await stream.WriteAsync(data).ConfigureAwait(false);
        statistics.CountFromService(data.Length);
        return true;
    }

    /// <summary>Throws away what still comes, for a while, then resets; a reset at once could overtake the answer at the peer.</summary>
    private async Task LingerAsync(TunnelStream stream)
    {
        using var timeout = new CancellationTokenSource(LingerTime, time);
        try
        {
            while (true)
            {
                var result = await stream.Input.ReadAsync(timeout.Token).ConfigureAwait(false);
                stream.Input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                    return;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or StreamException or SocketException)
        {
            stream.Abort(StreamError.ServiceReset);
        }
    }
}
