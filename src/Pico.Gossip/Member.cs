using System.Net;

namespace Pico.Gossip;

/// <summary>One life of a node as this node sees it. Safe from any thread; the same object for as long as the life is known.</summary>
public sealed class Member
{
    private readonly IMemberValues _values;
    private volatile MemberState _state;

    internal Member(NodeLife life, IPEndPoint address, IMemberValues values, MemberState state)
    {
        Life = life;
        Address = address;
        _values = values;
        _state = state;
    }

    /// <summary>Which run of which node.</summary>
    public NodeLife Life { get; }

    /// <summary>Where it is reached for gossip (UDP) and peer links (TCP).</summary>
    public IPEndPoint Address { get; }

    /// <summary>What this node believes of it now.</summary>
    public MemberState State
    {
        get => _state;
        internal set => _state = value;
    }

    /// <summary>Alive, or suspected and not yet given up.</summary>
    public bool IsUp => State <= MemberState.Suspect;

    /// <summary>How many keys it has.</summary>
    public int Count => _values.Count;

    /// <summary>Gives a copy of the value under a key. False if it has none.</summary>
    public bool TryGet(string key, out byte[] value) => _values.TryGet(key, out value);

    /// <summary>Gives a copy of all keys and values, in no order.</summary>
    public IReadOnlyDictionary<string, byte[]> ToDictionary() => _values.ToDictionary();

    /// <inheritdoc/>
    public override string ToString() => $"{Life} ({Address}, {State})";
}

/// <summary>Reads a member's values, under the lock of whoever changes them.</summary>
internal interface IMemberValues
{
    int Count { get; }

    bool TryGet(string key, out byte[] value);

    IReadOnlyDictionary<string, byte[]> ToDictionary();
}
