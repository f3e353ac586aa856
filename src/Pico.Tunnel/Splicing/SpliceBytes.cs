namespace Pico.Tunnel.Splicing;

/// <summary>How many bytes passed a splice, in each direction. To be read at any time.</summary>
public sealed class SpliceBytes
{
    private long _there;
    private long _back;

    /// <summary>From the first side to the second.</summary>
    public long There => Volatile.Read(ref _there);

    /// <summary>From the second side to the first.</summary>
    public long Back => Volatile.Read(ref _back);

    // Each direction has one pump.
    internal void Add(bool isThere, long bytes)
    {
        ref var count = ref isThere ? ref _there : ref _back;
        Volatile.Write(ref count, count + bytes);
    }
}
