using Microsoft.Extensions.Logging;

namespace Pico.Gossip.Network;

/// <summary>Events that one input to the core gave, kept until the core's gate is free again. Holds no more than one input can give; owned by whoever has the turn.</summary>
internal sealed class EventBuffer(IGossipObserver observer, ILogger logger)
{
    private const int KeptBytes = 256 * 1024;

    private readonly List<Event> _events = [];
    private byte[] _bytes = [];
    private int _length;

    private enum Kind
    {
        Up,
        Down,
        Set,
        Removed,
    }

    public void MemberUp(Member member) => _events.Add(new Event(Kind.Up, member));

    public void MemberDown(Member member, MemberDownReason reason) => _events.Add(new Event(Kind.Down, member) { Reason = reason });

    public void ValueSet(Member member, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Add(Kind.Set, member, key, value);

    public void ValueRemoved(Member member, ReadOnlySpan<byte> key) => Add(Kind.Removed, member, key, []);

    /// <summary>Tells the observer everything, in order.</summary>
    public void Dispatch()
    {
        foreach (var happened in _events)
        {
            try
            {
                Tell(happened);
            }
            catch (Exception exception)
            {
                GossipLog.ObserverFailed(logger, exception);
            }
        }

        _events.Clear();
        _length = 0;
        if (_bytes.Length > KeptBytes)
            _bytes = [];
    }

    private void Tell(in Event happened)
    {
        var key = _bytes.AsSpan(happened.Offset, happened.KeyLength);
        switch (happened.Kind)
        {
            case Kind.Up:
                GossipLog.MemberUp(logger, happened.Member.Life, happened.Member.Address);
                observer.OnMemberUp(happened.Member);
                break;
            case Kind.Down:
                GossipLog.MemberDown(logger, happened.Member.Life, happened.Member.Address, happened.Reason);
                observer.OnMemberDown(happened.Member, happened.Reason);
                break;
            case Kind.Set:
                observer.OnValueSet(happened.Member, key, _bytes.AsSpan(happened.Offset + happened.KeyLength, happened.ValueLength));
                break;
            case Kind.Removed:
                observer.OnValueRemoved(happened.Member, key);
                break;
        }
    }

    private void Add(Kind kind, Member member, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var size = key.Length + value.Length;
        if (_length + size > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(4096, 2 * (_length + size)));
        key.CopyTo(_bytes.AsSpan(_length));
        value.CopyTo(_bytes.AsSpan(_length + key.Length));
        _events.Add(new Event(kind, member) { Offset = _length, KeyLength = key.Length, ValueLength = value.Length });
        _length += size;
    }

    private readonly record struct Event(Kind Kind, Member Member)
    {
        public MemberDownReason Reason { get; init; }

        public int Offset { get; init; }

        public int KeyLength { get; init; }

        public int ValueLength { get; init; }
    }
}
