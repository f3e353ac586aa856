namespace Pico.Agent.Forwarding;

/// <summary>
/// How large a buffer one connection reads into: it starts at 4 KiB, doubles up to 64 KiB while reads fill it, and shrinks when they no
/// longer do. What all connections take beyond their first 4 KiB is bounded by one budget, so that thousands of streams that wait for their
/// peer's window hold little.
/// </summary>
internal struct ReceiveSize(ReceiveBudget budget)
{
    public const int Min = 4 * 1024;
    public const int Max = 64 * 1024;

    public int Value { get; private set; } = Min;

    /// <summary>Notes that a read into a buffer of <see cref="Value"/> gave <paramref name="received"/> bytes.</summary>
    public void Note(int received)
    {
        if (received == Value && Value < Max && budget.TryTake(Value))
            Value *= 2;
        else if (received < Value / 4 && Value > Min)
        {
            Value /= 2;
            budget.Give(Value);
        }
    }

    /// <summary>Gives everything back to the budget.</summary>
    public void Release()
    {
        budget.Give(Value - Min);
        Value = Min;
    }
}

/// <summary>Bytes that may be taken, from any thread.</summary>
internal sealed class ReceiveBudget(long bytes)
{
    private long _left = bytes;

    public bool TryTake(int count)
    {
        if (Interlocked.Add(ref _left, -count) >= 0)
            return true;
        Interlocked.Add(ref _left, count);
        return false;
    }

    public void Give(int count)
    {
        if (count > 0)
            Interlocked.Add(ref _left, count);
    }
}
