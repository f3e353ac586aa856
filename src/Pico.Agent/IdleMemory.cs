using Pico.Tunnel.Buffers;

namespace Pico.Agent;

/// <summary>
/// Gives memory of this process back that it does not need any more: an agent beside every pod is counted in megabytes, and the garbage collector has no reason to run in a
/// process that allocates nothing.
/// </summary>
internal static class IdleMemory
{
    /// <summary>How often it is looked at.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>Less than this between two looks is what an idle agent allocates.</summary>
    private const long IdleBytes = 32 * 1024;

    /// <summary>Less garbage than this is worth no collection.</summary>
    private const long MinGarbageBytes = 512 * 1024;

    /// <summary>
    /// Collects at once what the start has left, and then until it is cancelled: trims the pools of blocks, and collects when the process has come to rest. A collection takes some
    /// milliseconds, while nothing runs. Does not throw.
    /// </summary>
    public static async Task WatchAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var collected = Collect();
        var last = collected;
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                BlockPool.TrimAll();
                var allocated = GC.GetTotalAllocatedBytes();
                if (allocated - last < IdleBytes && allocated - collected >= MinGarbageBytes)
                    collected = Collect();
                last = allocated;
            }
        }
        catch (OperationCanceledException)
        {
            // The process ends.
        }
    }

    private static long Collect()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return GC.GetTotalAllocatedBytes();
    }
}
