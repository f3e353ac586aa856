namespace Pico.Server.Admin.Streaming;

/// <summary>Bounds how many clients follow what happens at once. Any thread.</summary>
internal sealed class StreamSlots
{
    /// <summary>So many.</summary>
    public const int Max = 64;

    private int _taken;

    /// <summary>Takes one, which the caller owes <see cref="Leave"/> for; false if there is none.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _taken) <= Max)
            return true;
        Interlocked.Decrement(ref _taken);
        return false;
    }

    /// <summary>Gives it back.</summary>
    public void Leave() => Interlocked.Decrement(ref _taken);
}
