using System.Buffers;

namespace Pico.Tunnel.Buffers;

/// <summary>An array of a <see cref="BlockPool"/>, lent until it is disposed of, which is to be done once. One that is forgotten is the garbage collector's.</summary>
public sealed class Block : IMemoryOwner<byte>
{
    private readonly BlockPool _pool;

    internal Block(BlockPool pool, int size)
    {
        _pool = pool;
        // Pinned once: the sockets would else pin it for every call. Such arrays never move, so nothing is ever copied to compact them.
        Bytes = GC.AllocateUninitializedArray<byte>(size, pinned: true);
    }

    /// <summary>The bytes, with what the last borrower left in them, or zeros.</summary>
    public Memory<byte> Memory => Bytes;

    internal byte[] Bytes { get; }

    /// <summary>Gives it back to its pool.</summary>
    public void Dispose() => _pool.Return(this);

    /// <summary>Gives the memory of its bytes back to the system, until they are used again; they are lost.</summary>
    internal void Cool() => SystemMemory.GiveBack(Bytes);
}
