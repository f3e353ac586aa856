using System.Diagnostics.CodeAnalysis;

namespace Pico.Gossip.Membership;

/// <summary>Lives of which others say that they are up, and that have not spoken to this node yet. Each is asked a few times, and forgotten if it does not answer.</summary>
internal sealed class Introductions
{
    private readonly Dictionary<ulong, Introduction> _byTag = [];
    private readonly PriorityQueue<Introduction, long> _due = new(); // those that were met or have ended lie here until their time

    /// <summary>How many are being asked.</summary>
    public int Count => _byTag.Count;

    /// <summary>When the next one is due; the end of time if none is.</summary>
    public long NextDue => _due.TryPeek(out _, out var due) ? due : long.MaxValue;

    public Peer? Find(ulong tag) => _byTag.GetValueOrDefault(tag)?.Peer;

    /// <summary>Adds a life that is to be asked at once.</summary>
    public void Add(Peer peer, long now)
    {
        var introduction = new Introduction(peer);
        _byTag.Add(peer.Tag, introduction);
        _due.Enqueue(introduction, now);
    }

    /// <summary>It was met, or is over, or did not answer.</summary>
    public void Remove(ulong tag) => _byTag.Remove(tag);

    /// <summary>Takes one that is due; it is asked for good, or comes back with <see cref="Return"/>.</summary>
    public bool TryTake(long now, [NotNullWhen(true)] out Introduction? introduction)
    {
        while (_due.TryPeek(out introduction, out var due) && due <= now)
        {
            _due.Dequeue();
            if (_byTag.GetValueOrDefault(introduction.Peer.Tag) == introduction)
                return true;
        }

        introduction = null;
        return false;
    }

    /// <summary>It is due again.</summary>
    public void Return(Introduction introduction, long due) => _due.Enqueue(introduction, due);
}

/// <summary>One life that others have told of.</summary>
internal sealed class Introduction(Peer peer)
{
    /// <summary>What was told of it. Its values may come before its own word.</summary>
    public Peer Peer => peer;

    /// <summary>How often it was asked.</summary>
    public int Asked { get; set; }
}
