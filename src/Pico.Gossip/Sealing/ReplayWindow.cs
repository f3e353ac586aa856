namespace Pico.Gossip.Sealing;

/// <summary>Which of a sender's last 1024 packets have come. A number is taken once; one that is older than the window, never.</summary>
internal sealed class ReplayWindow
{
    private const int Size = 1024;

    private readonly ulong[] _seen = new ulong[Size / 64];
    private ulong _highest;

    /// <summary>Takes a number. False if it has come before, or may have. Numbers begin with 1.</summary>
    public bool TryTake(ulong number)
    {
        if (number == 0)
            return false;
        if (number > _highest)
        {
            Forget(number);
            _highest = number;
        }
        else if (_highest - number >= Size || IsSeen(number))
        {
            return false;
        }

        _seen[number % Size / 64] |= 1UL << (int)(number % 64);
        return true;
    }

    private bool IsSeen(ulong number) => (_seen[number % Size / 64] & (1UL << (int)(number % 64))) != 0;

    /// <summary>Makes room for the numbers after the highest one.</summary>
    private void Forget(ulong upTo)
    {
        if (upTo - _highest >= Size)
        {
            Array.Clear(_seen);
            return;
        }

        for (var number = _highest + 1; number <= upTo; number++)
            _seen[number % Size / 64] &= ~(1UL << (int)(number % 64));
    }
}
