namespace Pico.Agent.Forwarding;

/// <summary>What went through, since the start. Plain counters, read by the agent's own port.</summary>
internal sealed class ForwardingStatistics
{
    private long _accepted;
    private long _refused;
    private long _active;
    private long _toService;
    private long _fromService;

    /// <summary>Streams whose service was connected to.</summary>
    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>Streams that were refused, because the service was not reached.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Streams open now.</summary>
    public long Active => Interlocked.Read(ref _active);

    /// <summary>Bytes sent to services.</summary>
    public long ToService => Interlocked.Read(ref _toService);

    /// <summary>Bytes received from services.</summary>
    public long FromService => Interlocked.Read(ref _fromService);

    public void CountAccepted()
    {
        Interlocked.Increment(ref _accepted);
        Interlocked.Increment(ref _active);
    }

    public void CountEnded() => Interlocked.Decrement(ref _active);

    public void CountRefused() => Interlocked.Increment(ref _refused);

    public void CountToService(long bytes) => Interlocked.Add(ref _toService, bytes);

    public void CountFromService(long bytes) => Interlocked.Add(ref _fromService, bytes);
}
