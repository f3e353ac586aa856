using System.Buffers;

namespace Pico.Tunnel.Buffers;

/// <summary>
/// Blocks of one size, kept for the next borrower up to a bound. The last that came back goes out first, so that few blocks are used over and over
/// while they are warm in the cache; the runtime's shared array pool keeps arrays for each thread and size, which after a peak of load were five times
/// the memory of an agent, and cold. What a peak has left is given back to the system by <see cref="TrimAll"/>:
/// <code>
///   Rent ◀── _warm (used lately) ◀── Return
///     ▲         │ TrimAll: what was not needed since the last one
///     └──── _cold (addresses without memory)
/// </code>
/// </summary>
public sealed class BlockPool : MemoryPool<byte>
{
    private readonly Lock _lock = new();
    private readonly Stack<Block> _warm = new();
    private readonly Stack<Block> _cold = new();
    private readonly int _blockSize;
    private readonly int _maxKept;
    private long _made;
    private int _unneeded; // the fewest that were in _warm since the last trim

    /// <summary>A pool of its own.</summary>
    /// <param name="blockSize">The size of its blocks in bytes.</param>
    /// <param name="maxKept">How many unused blocks are kept.</param>
    public BlockPool(int blockSize, int maxKept) => (_blockSize, _maxKept) = (blockSize, maxKept);

    /// <summary>Blocks of 4 KiB: what little things wait in. Keeps 2 MiB.</summary>
    public static BlockPool Small { get; } = new(4 * 1024, 512);

    /// <summary>Blocks of 32 KiB, the most that one DATA frame carries. Keeps 32 MiB.</summary>
    public static BlockPool Medium { get; } = new(32 * 1024, 1024);

    /// <summary>Blocks of 128 KiB: what a tunnel sends and receives at once. Keeps 8 MiB.</summary>
    public static BlockPool Large { get; } = new(128 * 1024, 64);

    /// <inheritdoc/>
    public override int MaxBufferSize => _blockSize;

    /// <summary>Unused blocks that hold memory.</summary>
    internal int Warm
    {
        get
        {
            lock (_lock)
                return _warm.Count;
        }
    }

    /// <summary>How many blocks it has made, since none was kept.</summary>
    internal long Made => Volatile.Read(ref _made);

    /// <summary>
    /// Gives the memory of blocks back to the system that no borrower needed since the last call; gives how many bytes that were. For a process whose memory counts, now and
    /// then, one call at a time. Small blocks, which fill no page, stay.
    /// </summary>
    public static long TrimAll() => Medium.Trim() + Large.Trim();

    /// <summary>Lends a block; a new one if none is kept.</summary>
    public Block Rent()
    {
        lock (_lock)
        {
            if (_warm.TryPop(out var block))
            {
                _unneeded = Math.Min(_unneeded, _warm.Count);
                return block;
            }

            if (_cold.TryPop(out block))
                return block;
        }

        Interlocked.Increment(ref _made);
        return new Block(this, _blockSize);
    }

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, _blockSize);
        return Rent();
    }

    internal void Return(Block block)
    {
        lock (_lock)
        {
            if (_warm.Count + _cold.Count < _maxKept)
                _warm.Push(block);
        }
    }

    /// <inheritdoc cref="TrimAll"/>
    internal long Trim()
    {
        int unneeded;
        lock (_lock)
            (unneeded, _unneeded) = (_unneeded, int.MaxValue);
        var trimmed = 0L;
        for (; unneeded > 0; unneeded--)
        {
            // One at a time: borrowers do not wait for the system.
            Block? block;
            lock (_lock)
            {
                if (!_warm.TryPop(out block))
                    break;
            }

            block.Cool();
            trimmed += _blockSize;
            lock (_lock)
                _cold.Push(block);
        }

        lock (_lock)
            _unneeded = Math.Min(_unneeded, _warm.Count);
        return trimmed;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}
