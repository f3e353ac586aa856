using Pico.Tunnel.Buffers;

namespace Pico.Agent.Forwarding;

/// <summary>
/// The memory that all connections read into. Each asks for the size that its reads fill (<see cref="ReceiveSize"/>); what is lent at one time beyond the
/// smallest is bounded by <paramref name="budget"/> bytes, so that thousands of streams that wait for their peer's window hold little.
/// </summary>
internal sealed class ReceiveBuffers(long budget)
{
    /// <summary>How many connections wait with their smallest block at hand; that saves a call to the kernel each time. Others wait without. 1 MiB in all.</summary>
    private const int MaxWaiting = 256;

    /// <summary>What the largest blocks leave for others: many connections at once do with the middle size.</summary>
    private readonly long _reserve = budget / 2;

    private long _left = budget;
    private int _waiting;

    /// <summary>Lends a block of <paramref name="size"/>, or of a smaller one if the budget does not have it.</summary>
    public Block Rent(ReceiveSize size)
    {
        for (var pool = size.Pool; pool != BlockPool.Small; pool = ReceiveSize.Smaller(pool))
        {
            if (Interlocked.Add(ref _left, -pool.MaxBufferSize) >= (pool == BlockPool.Large ? _reserve : 0))
                return pool.Rent();
            Interlocked.Add(ref _left, pool.MaxBufferSize);
        }

        return BlockPool.Small.Rent();
    }

    /// <summary>Takes back what <see cref="Rent"/> gave.</summary>
    public void Return(Block block)
    {
        if (block.Memory.Length > BlockPool.Small.MaxBufferSize)
            Interlocked.Add(ref _left, block.Memory.Length);
        block.Dispose();
    }

    /// <summary>A block to wait with, until <see cref="EndWaiting"/>; null if enough have one.</summary>
    public Block? BeginWaiting()
    {
        if (Interlocked.Increment(ref _waiting) <= MaxWaiting)
            return BlockPool.Small.Rent();
        Interlocked.Decrement(ref _waiting);
        return null;
    }

    /// <summary>The connection that has the block waits no more.</summary>
    public void EndWaiting(Block? block)
    {
        if (block is null)
            return;
        block.Dispose();
        Interlocked.Decrement(ref _waiting);
    }
}
