using System.Buffers;

namespace Pico.Tunnel.Buffers;

/// <summary>
/// Blocks of one size, kept for the next borrower up to a bound. The last that came back goes out first, so that few blocks are used over and over
/// while they are warm in the cache; the runtime's shared array pool keeps arrays for each thread and size, which after a peak of load were five times
/// the memory of an agent, and cold.
/// </summary>
public sealed class BlockPool : MemoryPool<byte>
{
    private readonly Stack<Block> _blocks = new();
    private readonly int _blockSize;
    private readonly int _maxKept;

    /// <summary>A pool of its own.</summary>
    /// <param name="blockSize">The size of its blocks in bytes.</param>
    /// <param name="maxKept">How many unused blocks are kept.</param>
    public BlockPool(int blockSize, int maxKept) => (_blockSize, _maxKept) = (blockSize, maxKept);

    /// <summary>Blocks of 4 KiB: what little things wait in. Keeps 2 MiB.</summary>
    public static BlockPool Small { get; } = new(4 * 1024, 512);

    /// <summary>Blocks of 32 KiB, the most that one DATA frame carries. Keeps 16 MiB.</summary>
    public static BlockPool Medium { get; } = new(32 * 1024, 512);

    /// <summary>Blocks of 128 KiB: what a tunnel sends and receives at once. Keeps 8 MiB.</summary>
    public static BlockPool Large { get; } = new(128 * 1024, 64);

    /// <inheritdoc/>
    public override int MaxBufferSize => _blockSize;

    /// <summary>Lends a block; a new one if none is kept.</summary>
    public Block Rent()
    {
        lock (_blocks)
        {
            if (_blocks.TryPop(out var block))
                return block;
        }

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
        lock (_blocks)
        {
            if (_blocks.Count < _maxKept)
                _blocks.Push(block);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}
