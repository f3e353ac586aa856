using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Pico.Server.Hosting;

/// <summary>
/// The memory of Kestrel's transport, in blocks of 32 KiB. Kestrel's own of 4 KiB make a bulk transfer eight times as many receives, each with its
/// wake-up. A connection that waits holds no block, so larger ones cost idle connections nothing.
/// </summary>
internal sealed class BlockPool : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    /// <summary>The size of a block in bytes.</summary>
    public const int BlockSize = 32 * 1024;

    /// <summary>How many unused blocks are kept: 16 MiB.</summary>
    private const int MaxKept = 512;

    // The last that came back is the warmest.
    private readonly Stack<Block> _blocks = new();

    /// <inheritdoc/>
    public override int MaxBufferSize => BlockSize;

    /// <summary>One pool for all.</summary>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockSize);
        lock (_blocks)
        {
            if (_blocks.TryPop(out var block))
                return block;
        }

        return new Block(this);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }

    private void Return(Block block)
    {
        lock (_blocks)
        {
            if (_blocks.Count < MaxKept)
                _blocks.Push(block);
        }
    }

    // Pinned once: the sockets would else pin it for every call.
    private sealed class Block(BlockPool pool) : IMemoryOwner<byte>
    {
        private readonly byte[] _array = GC.AllocateUninitializedArray<byte>(BlockSize, pinned: true);

        public Memory<byte> Memory => _array;

        public void Dispose() => pool.Return(this);
    }
}
