using Pico.Tunnel.Buffers;

namespace Pico.Agent.Forwarding;

/// <summary>How large a block one connection reads into: a step larger when a read filled it, up to 128 KiB, a step smaller when one would have done with a quarter of that.</summary>
internal struct ReceiveSize
{
    private BlockPool? _pool;

    /// <summary>Where such blocks come from.</summary>
    public readonly BlockPool Pool => _pool ?? BlockPool.Small;

    /// <summary>True while nothing larger was of use.</summary>
    public readonly bool IsSmallest => Pool == BlockPool.Small;

    /// <summary>The next smaller size.</summary>
    public static BlockPool Smaller(BlockPool pool) => pool == BlockPool.Large ? BlockPool.Medium : BlockPool.Small;

    /// <summary>Notes that a read into <paramref name="size"/> bytes gave <paramref name="received"/>.</summary>
    public void Note(int received, int size)
    {
        if (received == size && size == Pool.MaxBufferSize)
            _pool = Pool == BlockPool.Small ? BlockPool.Medium : BlockPool.Large;
        else if (received < Smaller(Pool).MaxBufferSize / 4)
            _pool = Smaller(Pool);
    }
}
