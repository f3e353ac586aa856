using System.Net;
using Pico.Gossip.Membership;
using Pico.Gossip.Sealing;
using Pico.Gossip.Wire;

namespace Pico.Gossip.Core;

/// <summary>
/// The gossip without sockets, clock and chance of its own: time, packets and changes go in, packets and events come out by <see cref="IGossipOutput"/>. The same inputs and the same
/// seed give the same outputs, which is what the simulator lives on.
/// <code>
///   Tick(now) ─────────┐                      ┌─▶ Send(packet)            GossipCore.Probing     who answers (SWIM)
///   Receive(packet) ───┼─▶ one state machine ─┼─▶ Synchronize(TCP)        GossipCore.Members     what is believed of whom
///   Set, Remove, … ────┘                      └─▶ MemberUp, ValueSet, …   GossipCore.Meeting     who is up that is not known yet
///                                                                         GossipCore.Reconciling what others have, and I don't (scuttlebutt)
/// </code>
/// Every public method is called under <see cref="Gate"/>, with a time that never goes back, in milliseconds.
/// </summary>
internal sealed partial class GossipCore
{
    /// <summary>What a packet carries at the most, so that it and its headers stay under an MTU of 1450 bytes.</summary>
    public const int MaxPayload = PacketSealer.MaxPacket - PacketSealer.Overhead;

    private const long Never = long.MaxValue;
    private const int GreetingsPerTurn = 3;
    private const int MaxTombstones = 50_000;
    private const int LeaveWitnesses = 8;
    private const int LeaveRetry = 200;
    private const int ReconnectInterval = 2000;

    private readonly CoreOptions _options;
    private readonly IGossipOutput _output;
    private readonly GossipCounters _counters;
    private readonly Random _random;
    private readonly MemberTable _table;
    private readonly Broadcasts _broadcasts = new();
    private readonly Graveyard _graves = new();
    private readonly LocalHealth _health = new();
    private readonly List<Peer> _leaveWitnesses = [];
    private readonly Queue<(long At, long Version)> _versionMarks = new();
    private IPEndPoint[] _joinAddresses = [];
    private long _now;
    private long _tickedAt;
    private long _greetAt;
    private long _reconnectAt;
    private long _housekeepAt;
    private long _leaveAt = Never;
    private bool _joined;
    private bool _isLeaving;

    public GossipCore(CoreOptions options, MemberRecord self, Random random, IGossipOutput output, GossipCounters counters, long now)
    {
        _options = options;
        _output = output;
        _counters = counters;
        _random = random;
        _now = _tickedAt = now;
        Self = new Peer(self, 0, Gate);
        _table = new MemberTable(Self);
        _table.Rehash(Self);
        _probeAt = now + random.Next(options.ProbeInterval);
        _greetAt = now;
        _reconnectAt = now + random.Next(ReconnectInterval);
        _housekeepAt = now + HousekeepInterval;
        _broadcasts.Add(UpdateKind.Alive, Self.Tag, Self.Incarnation, Self.Record);
        if (!options.HasJoinTargets)
            BeJoined();
    }

    /// <summary>Guards everything here.</summary>
    public Lock Gate { get; } = new();

    /// <summary>This node.</summary>
    public Peer Self { get; }

    /// <summary>Who is a member.</summary>
    public MemberTable Table => _table;

    /// <summary>This life is over, or has been left: nothing goes in or out any more.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>When <see cref="Tick"/> is due.</summary>
    public long NextTick
    {
        get
        {
            if (HasEnded)
                return Never;
            if (_declared.Count > 0)
                return _now;
            var next = Math.Min(Math.Min(_probeAt, _gossipAt), Math.Min(_reconnectAt, _housekeepAt));
            next = Math.Min(next, Math.Min(_leaveAt, Math.Min(_greetAt, NextMeeting)));
            foreach (var ping in _pings)
                next = Math.Min(next, ping.DueAt);
            foreach (var suspect in _suspects)
                next = Math.Min(next, suspect.RetryAt > 0 ? Math.Min(suspect.RetryAt, suspect.GiveUpAt) : suspect.GiveUpAt);
            return next;
        }
    }

    private long HousekeepInterval => Math.Min(60_000, Math.Max(1000, _options.TombstoneRetention / 10));

    /// <summary>Time has passed: does what is due.</summary>
    public void Tick(long now)
    {
        if (HasEnded)
            return;
        Advance(now);
        EndDeclared();
        FollowPings();
        FollowSuspects();
        FollowIntroductions();
        if (now >= _probeAt)
            StartProbes();
        if (now >= _reconnectAt)
            Reconnect();
        if (now >= _greetAt)
            Greet();
        if (now >= _housekeepAt)
            Housekeep();
        if (now >= _leaveAt)
            TellLeaving();
        if (now >= _gossipAt)
            Gossip();
    }

    /// <summary>Sets one of this node's own values.</summary>
    public void Set(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (Self.Log.TryGet(key, out var old))
        {
            if (old.SequenceEqual(value))
                return;
        }
        else if (Self.Log.Count >= GossipNode.MaxKeys)
        {
            throw new InvalidOperationException($"A node can have {GossipNode.MaxKeys} gossiped keys.");
        }

        Self.Log.Set(Self.Log.Version + 1, key, value);
        VersionAdvanced(Self);
    }

    /// <summary>Removes one of this node's own values.</summary>
    public bool Remove(ReadOnlySpan<byte> key)
    {
        if (!Self.Log.Contains(key))
            return false;
        Self.Log.Remove(Self.Log.Version + 1, key);
        if (Self.Log.Tombstones > MaxTombstones)
            Self.Log.DropTombstones(Self.Log.VersionAt(Self.Log.Length / 2)); // the older half, before their time
        VersionAdvanced(Self);
        return true;
    }

    /// <summary>This node is reached at another address than was thought: it has not told anybody yet.</summary>
    public bool Relocate(IPEndPoint address)
    {
        Self.Relocate(address);
        _broadcasts.Add(UpdateKind.Alive, Self.Tag, Self.Incarnation, Self.Record);
        return true;
    }

    /// <summary>Where to look for members. False if these are known.</summary>
    public bool SetJoinAddresses(IPEndPoint[] addresses)
    {
        if (_joinAddresses.AsSpan().SequenceEqual(addresses))
            return false;
        _joinAddresses = addresses;
        _greetAt = Math.Min(_greetAt, _now + _random.Next(100));
        return true;
    }

    /// <summary>Begins to tell that this life ends. <see cref="HasEnded"/> when enough others know.</summary>
    public void Leave(long now)
    {
        if (_isLeaving || HasEnded)
            return;
        _now = now;
        _isLeaving = true;
        _leaveWitnesses.AddRange(RandomUp(LeaveWitnesses, except: null));
        _leaveAt = now;
        if (_leaveWitnesses.Count == 0)
            HasEnded = true;
    }

    /// <summary>Ends without a word.</summary>
    public void Stop() => HasEnded = true;

    private void TellLeaving()
    {
        foreach (var witness in _leaveWitnesses)
            Ping(witness, PingKind.Leave, UpdateKind.Left, about: null);
        _leaveAt = _now + LeaveRetry;
    }

    private void LeaveWitnessed(Peer witness)
    {
        _leaveWitnesses.Remove(witness);
        if (_leaveWitnesses.Count == 0)
            HasEnded = true;
    }

    /// <summary>Moves the clock. A node that stood still has heard nobody: whom it waited for gets that time back.</summary>
    private void Advance(long now)
    {
        var pause = now - _tickedAt - _options.ProbeInterval;
        _now = now;
        _tickedAt = now;
        if (pause < 2 * _options.ProbeInterval)
            return;
        _health.Worse();
        _pings.RemoveAll(ping => ping.Kind != PingKind.Leave);
        foreach (var suspect in _suspects)
            suspect.GiveUpAt += pause;
    }

    /// <summary>Asks addresses to join that are nobody known to be up.</summary>
    private void Greet()
    {
        _greetAt = _joined ? _now + _options.RejoinInterval + _random.Next(_options.RejoinInterval / 4) : _now + 250 + _random.Next(250);
        var known = _table.Up.Select(p => p.Record.Address).ToHashSet();
        var strangers = Array.FindAll(_joinAddresses, a => !known.Contains(a));
        _random.Shuffle(strangers);
        Span<byte> buffer = stackalloc byte[MaxPayload];
        foreach (var stranger in strangers.AsSpan(0, Math.Min(strangers.Length, GreetingsPerTurn)))
        {
            var writer = new PayloadWriter(buffer);
            writer.Begin(Section.Hello);
            MemberUpdate.WriteRecord(ref writer, Self.Record, Self.Incarnation);
            writer.End();
            _output.Send(stranger, 0, writer.Written);
        }

        if (!_joined && _syncs == 0 && _joinBy == Never && _table.Up.Count > 1)
            RequestSync(RandomUp(1, except: null)[0]);
    }

    private void BeJoined()
    {
        if (_joined)
            return;
        _joined = true;
        _output.Joined();
    }

    /// <summary>Forgets what nobody needs any longer: old tombstones of this node, values and lives of members that failed long ago.</summary>
    private void Housekeep()
    {
        _housekeepAt = _now + HousekeepInterval;
        var horizon = 0L;
        while (_versionMarks.TryPeek(out var mark) && mark.At <= _now - _options.TombstoneRetention)
            horizon = _versionMarks.Dequeue().Version;
        _versionMarks.Enqueue((_now, Self.Log.Version));
        if (Self.Log.HasTombstone(horizon))
        {
            Self.Log.DropTombstones(horizon);
            Self.Log.AdvanceTo(Self.Log.Version + 1); // so that the others hear of the horizon
            VersionAdvanced(Self);
        }

        ForgetFailed();
    }

    /// <summary>Some members that are up, at random, each once.</summary>
    private List<Peer> RandomUp(int count, Peer? except)
    {
        var up = _table.Up;
        var chosen = new List<Peer>(count);
        var others = up.Count - 1 - (except is { IsUp: true } ? 1 : 0);
        if (others <= count)
        {
            chosen.AddRange(up.Where(p => p != Self && p != except));
            return chosen;
        }

        while (chosen.Count < count)
        {
            var peer = up[_random.Next(up.Count)];
            if (peer != Self && peer != except && !chosen.Contains(peer))
                chosen.Add(peer);
        }

        return chosen;
    }
}
