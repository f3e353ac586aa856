using Pico.Gossip.State;
using Pico.Gossip.Wire;

namespace Pico.Gossip.Membership;

/// <summary>A life that this node knows, itself included: what it is, what it says of itself, and what is going on with it. Owned by the core's gate.</summary>
internal sealed class Peer : IMemberValues
{
    private readonly Lock _gate;

    public Peer(MemberRecord record, uint incarnation, Lock gate)
    {
        _gate = gate;
        Record = record;
        Incarnation = incarnation;
        Member = new Member(record.Life, record.Address, this, MemberState.Alive);
    }

    public MemberRecord Record { get; private set; }

    /// <summary>What the owner of the room sees of it.</summary>
    public Member Member { get; private set; }

    /// <summary>Counts up each time the life had to say that it goes on; of two reports the one with the higher count is newer.</summary>
    public uint Incarnation { get; set; }

    /// <summary>Its keys and values.</summary>
    public KeyValueLog Log { get; set; } = new();

    public ulong Tag => Record.Tag;

    /// <summary>Others say that it is up; it has not spoken to this node yet, and is in no table.</summary>
    public bool IsIntroduced { get; set; }

    public bool IsUp => !IsIntroduced && Member.IsUp;

    /// <summary>What the table's hash has of it: see <see cref="MemberTable.Rehash"/>.</summary>
    public ulong Hash { get; set; }

    /// <summary>When a suspect is given up.</summary>
    public long GiveUpAt { get; set; }

    /// <summary>When this node tries again to reach a member that it suspects itself; 0 if others do.</summary>
    public long RetryAt { get; set; }

    /// <summary>How many more times its version is told without being asked.</summary>
    public int HotRounds { get; set; }

    /// <summary>Until when an answer to a pull is awaited, before anybody else is asked.</summary>
    public long PullingUntil { get; set; }

    /// <summary>Since when it is down.</summary>
    public long DownSince { get; set; }

    /// <summary>When it was last asked, or told, because somebody's word about it contradicts this node's.</summary>
    public long ContradictedAt { get; set; } = long.MinValue / 2;

    /// <summary>Changes the address of a life that no observer has heard of yet.</summary>
    public void Relocate(System.Net.IPEndPoint address)
    {
        Record = Record with { Address = address };
        Member = new Member(Record.Life, address, this, MemberState.Alive);
    }

    int IMemberValues.Count
    {
        get
        {
            lock (_gate)
                return Log.Count;
        }
    }

    bool IMemberValues.TryGet(string key, out byte[] value)
    {
        Span<byte> utf8 = stackalloc byte[GossipNode.MaxKeyBytes];
        value = [];
        if (!System.Text.Encoding.UTF8.TryGetBytes(key, utf8, out var length))
            return false;
        lock (_gate)
        {
            if (!Log.TryGet(utf8[..length], out var found))
                return false;
            value = found.ToArray();
            return true;
        }
    }

    IReadOnlyDictionary<string, byte[]> IMemberValues.ToDictionary()
    {
        lock (_gate)
        {
            var values = new Dictionary<string, byte[]>(Log.Count, StringComparer.Ordinal);
            for (var position = 0; position < Log.Length; position++)
            {
                if (Log.IsLive(position))
                    values[System.Text.Encoding.UTF8.GetString(Log.Key(position))] = Log.Value(position).ToArray();
            }

            return values;
        }
    }
}
