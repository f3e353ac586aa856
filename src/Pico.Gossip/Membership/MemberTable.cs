using System.Collections.Immutable;

namespace Pico.Gossip.Membership;

/// <summary>
/// All lives that this node knows. Those that are up, this node among them, stand in a ring by their tags; a bucket is the lives whose tags begin with the same six bits,
/// and has a hash over what is known of them, so that two nodes find their differences without listing everything.
/// </summary>
internal sealed class MemberTable(Peer self)
{
    /// <summary>How many buckets there are.</summary>
    public const int BucketCount = 64;

    /// <summary>How many lives may be up: what a cluster is meant to have, four times over.</summary>
    public const int MaxUp = 4096;

    /// <summary>How many failed lives are looked for.</summary>
    public const int MaxFailed = 1024;

    private readonly Dictionary<ulong, Peer> _byTag = new() { [self.Tag] = self };
    private readonly Dictionary<string, Peer> _byNode = new(StringComparer.Ordinal) { [self.Record.Life.NodeId] = self };
    private readonly List<Peer> _ring = [self];
    private readonly List<Peer> _failed = [];
    private readonly ulong[] _buckets = new ulong[BucketCount];

    /// <summary>Lives that are up, by tag, this node among them.</summary>
    public IReadOnlyList<Peer> Up => _ring;

    /// <summary>Lives that failed and may come back.</summary>
    public IReadOnlyList<Peer> Failed => _failed;

    /// <summary>A hash over everything known of the lives that are up.</summary>
    public ulong Hash { get; private set; }

    /// <summary>Changes when a member is added, goes or changes its side.</summary>
    public int Revision { get; private set; }

    public Peer? Find(ulong tag) => _byTag.GetValueOrDefault(tag);

    /// <summary>The newest known life of a node.</summary>
    public Peer? FindNode(string nodeId) => _byNode.GetValueOrDefault(nodeId);

    /// <summary>The other members, up or failed.</summary>
    public ImmutableArray<Member> Snapshot() => [.. _ring.Where(p => p != self).Concat(_failed).Select(p => p.Member)];

    public static int BucketOf(ulong tag) => (int)(tag >> 58);

    public uint BucketHash(int bucket) => (uint)(_buckets[bucket] >> 32) ^ (uint)_buckets[bucket];

    /// <summary>Where the lives of a bucket stand in the ring: from the first position to before the second.</summary>
    public (int From, int To) BucketRange(int bucket) =>
        (RingPosition((ulong)bucket << 58), bucket == BucketCount - 1 ? _ring.Count : RingPosition((ulong)(bucket + 1) << 58));

    /// <summary>The life after one in the ring.</summary>
    public Peer Successor(Peer peer) => _ring[(RingPosition(peer.Tag) + 1) % _ring.Count];

    /// <summary>Puts a life that is up into the table: a new one, or one that had failed.</summary>
    public void Add(Peer peer)
    {
        _failed.Remove(peer);
        _byTag[peer.Tag] = peer;
        _byNode[peer.Record.Life.NodeId] = peer;
        _ring.Insert(RingPosition(peer.Tag), peer);
        Revision++;
        Rehash(peer);
    }

    /// <summary>Takes a life out of the ring. A failed one stays known.</summary>
    public void Fail(Peer peer)
    {
        TakeFromRing(peer);
        _failed.Add(peer);
        Revision++;
    }

    /// <summary>Forgets a life.</summary>
    public void Remove(Peer peer)
    {
        TakeFromRing(peer);
        _failed.Remove(peer);
        _byTag.Remove(peer.Tag);
        if (FindNode(peer.Record.Life.NodeId) == peer)
            _byNode.Remove(peer.Record.Life.NodeId);
        Revision++;
    }

    /// <summary>Brings the hashes up to date after a change of a life's version or incarnation.</summary>
    public void Rehash(Peer peer)
    {
        var hash = Mix(peer.Tag ^ Mix((ulong)peer.Log.Version ^ Mix(peer.Incarnation + 0x9E3779B97F4A7C15)));
        var change = hash ^ peer.Hash;
        peer.Hash = hash;
        _buckets[BucketOf(peer.Tag)] ^= change;
        Hash ^= change;
    }

    private void TakeFromRing(Peer peer)
    {
        var position = RingPosition(peer.Tag);
        if (position >= _ring.Count || _ring[position] != peer)
            return;
        _ring.RemoveAt(position);
        _buckets[BucketOf(peer.Tag)] ^= peer.Hash;
        Hash ^= peer.Hash;
        peer.Hash = 0;
    }

    private int RingPosition(ulong tag)
    {
        var low = 0;
        var high = _ring.Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_ring[middle].Tag < tag)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    // The finalizer of SplitMix64.
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
