using System.Net;
using System.Text;
using Pico.Gossip;
using Pico.Gossip.Core;
using Pico.Gossip.Sealing;
using Pico.Gossip.Wire;

namespace Pico.Simulation;

/// <summary>A gossip core in the simulated network, with everything that an observer heard.</summary>
internal sealed class SimulatedNode : IGossipOutput, IDisposable
{
    private readonly SimulatedNetwork _network;
    private readonly PacketSealer? _sealer;
    private readonly byte[] _buffer = new byte[PacketSealer.MaxPacket];
    private long _tickAt = long.MaxValue;

    public SimulatedNode(SimulatedNetwork network, NodeLife life, IPEndPoint address, CoreOptions options, GossipKey? key = null)
    {
        _network = network;
        Address = address;
        var record = new MemberRecord(life, MemberUpdate.TagOf(life), address, MemberRecord.OwnVersions);
        if (key is not null)
            _sealer = new PacketSealer(new KeyRing([key]), record.Tag, (ulong)network.Random.NextInt64(), Counters);
        Core = new GossipCore(options, record, new Random(network.Random.Next()), this, Counters, network.Now);
    }

    public GossipCore Core { get; }

    public IPEndPoint Address { get; }

    public NodeLife Life => Core.Self.Record.Life;

    public GossipCounters Counters { get; } = new();

    /// <summary>Its process runs.</summary>
    public bool IsRunning { get; private set; } = true;

    /// <summary>Its process stands still (a paused machine): packets to it are lost.</summary>
    public bool IsFrozen { get; set; }

    public bool HasJoined { get; private set; }

    public MemberDownReason? ExpelledFor { get; private set; }

    /// <summary>What the events say of each member that is up.</summary>
    public Dictionary<NodeLife, Dictionary<string, string>> Heard { get; } = [];

    /// <summary>Keeps <see cref="Heard"/>'s values: costs memory and time in large clusters.</summary>
    public bool KeepsValues { get; init; } = true;

    public Action<SimulatedNode, NodeLife>? OnUp { get; init; }

    public Action<SimulatedNode, NodeLife, MemberDownReason>? OnDown { get; init; }

    public Action<SimulatedNode, NodeLife, string>? OnValue { get; set; }

    public void Start(IPEndPoint[] joins)
    {
        _network.Attach(this);
        Core.SetJoinAddresses(joins);
        Reschedule();
    }

    public void Set(string key, string value)
    {
        Core.Set(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value));
        Reschedule();
    }

    public void Remove(string key)
    {
        Core.Remove(Encoding.UTF8.GetBytes(key));
        Reschedule();
    }

    public void Leave()
    {
        Core.Leave(_network.Now);
        Reschedule();
    }

    public void DeclareDead(NodeLife life)
    {
        Core.DeclareDead(life);
        Reschedule();
    }

    /// <summary>The process is gone, without a word.</summary>
    public void Dispose()
    {
        IsRunning = false;
        Core.Stop();
        _network.Detach(this);
        _sealer?.Dispose();
    }

    public void Tick(long at)
    {
        if (!IsRunning || at != _tickAt)
            return;
        _tickAt = long.MaxValue;
        if (IsFrozen)
            return;
        Core.Tick(at);
        Reschedule();
    }

    /// <summary>The process goes on after standing still.</summary>
    public void Thaw()
    {
        IsFrozen = false;
        Reschedule();
    }

    public void Receive(IPEndPoint from, ulong sender, ulong receiver, ReadOnlySpan<byte> packet)
    {
        if (IsFrozen)
            return;
        if (_sealer is null)
        {
            if (receiver == 0 || receiver == Core.Self.Tag)
                Core.Receive(_network.Now, from, sender, receiver == 0, packet);
        }
        else
        {
            Span<byte> payload = stackalloc byte[PacketSealer.MaxPacket];
            if (_sealer.TryOpen(_network.Now, packet, payload, out var opened, out _))
                Core.Receive(_network.Now, from, opened.Sender, opened.IsGreeting, payload[..opened.Length]);
        }

        Reschedule();
    }

    void IGossipOutput.Send(IPEndPoint to, ulong tag, ReadOnlySpan<byte> payload)
    {
        if (_sealer is null)
            _network.Send(Address, to, Core.Self.Tag, tag, payload);
        else
            _network.Send(Address, to, Core.Self.Tag, tag, _buffer.AsSpan(0, _sealer.Seal(tag, payload, _buffer)));
    }

    void IGossipOutput.Synchronize(IPEndPoint to, ulong tag) => new SimulatedSync(_network, this, to, tag).Start();

    void IGossipOutput.Joined() => HasJoined = true;

    void IGossipOutput.Expelled(MemberDownReason reason) => ExpelledFor = reason;

    void IGossipOutput.MemberUp(Member member)
    {
        Heard.Add(member.Life, []);
        OnUp?.Invoke(this, member.Life);
    }

    void IGossipOutput.MemberDown(Member member, MemberDownReason reason)
    {
        if (!Heard.Remove(member.Life))
            throw new SimulationException($"{Life} heard of {member.Life} going down that was not up");
        OnDown?.Invoke(this, member.Life, reason);
    }

    void IGossipOutput.ValueSet(Member member, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (!KeepsValues && OnValue is null)
            return;
        var name = Encoding.UTF8.GetString(key);
        if (KeepsValues)
            Heard[member.Life][name] = Encoding.UTF8.GetString(value);
        OnValue?.Invoke(this, member.Life, name);
    }

    void IGossipOutput.ValueRemoved(Member member, ReadOnlySpan<byte> key)
    {
        if (KeepsValues && !Heard[member.Life].Remove(Encoding.UTF8.GetString(key)))
            throw new SimulationException($"{Life} heard of a key of {member.Life} being removed that it did not have");
    }

    /// <summary>After everything that may have changed when the core is due.</summary>
    internal void Reschedule()
    {
        var next = Core.NextTick;
        if (!IsRunning || IsFrozen || next >= _tickAt)
            return;
        _tickAt = Math.Max(next, _network.Now);
        _network.ScheduleTick(this, _tickAt);
    }
}
