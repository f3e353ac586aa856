using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Pico.Gossip.Sealing;

/// <summary>
/// Seals and opens packets.
/// <code>
///   form (8) · key hint (32) · salt (64) · sender's tag (64) · receiver's tag (64) · number (64) · payload · seal (128)
///   └──────────────────────────── in the clear, but sealed along ──────────────────────────────┘
/// </code>
/// <list type="bullet">
/// <item>AES-256-GCM under a key of the sender's own: HKDF of the shared key, with the sender's tag and a salt that each run draws anew. The nonce is the packet's number, which
/// counts up from 1: no two packets are ever sealed with the same key and nonce.</item>
/// <item>A packet is bound to the receiver's life, so what was recorded before a restart, or at another node, is worth nothing. Within a life a <see cref="ReplayWindow"/> per
/// sender takes each packet once. Packets to whoever is at an address (receiver's tag 0) may be old ones; the core answers them and learns nothing from them.</item>
/// <item>Without a key the form says so, and the payload is in the clear.</item>
/// </list>
/// Owned by the core's gate.
/// </summary>
internal sealed class PacketSealer : IDisposable
{
    /// <summary>What a packet has at the most: under an MTU of 1450, with the headers of IPv6 and UDP.</summary>
    public const int MaxPacket = 1400;

    /// <summary>What a packet has besides its payload.</summary>
    public const int Overhead = HeaderSize + TagSize;

    private const byte Unsealed = 1;
    private const byte Sealed = 2;
    private const int HeaderSize = 1 + 4 + 8 + 8 + 8 + 8;
    private const int TagSize = 16;
    private const int NonceSize = 12;
    private const int MaxSenders = 8192;
    private const int MaxNewSenders = 1000; // per second

    private readonly Dictionary<(ulong Salt, ulong Tag), Sender> _senders = [];
    private readonly GossipCounters _counters;
    private readonly ulong _salt;
    private readonly ulong _tag;
    private KeyRing _ring;
    private AesGcm? _cipher;
    private ulong _number;
    private ulong _use;
    private long _second;
    private int _newSenders;

    /// <param name="ring">The keys.</param>
    /// <param name="tag">This node's life.</param>
    /// <param name="salt">Drawn at random by each run.</param>
    /// <param name="counters">Where dropped packets are counted.</param>
    public PacketSealer(KeyRing ring, ulong tag, ulong salt, GossipCounters counters)
    {
        _tag = tag;
        _salt = salt;
        _counters = counters;
        _ring = ring;
        SetKeys(ring);
    }

    /// <summary>Replaces the keys. What is numbered goes on, so that the senders' windows hold.</summary>
    public void SetKeys(KeyRing ring)
    {
        _ring = ring;
        _cipher?.Dispose();
        _cipher = ring.IsSealing ? Derive(ring.Hint, _salt, _tag) : null;
    }

    /// <summary>Makes a packet of a payload. Gives its length.</summary>
    public int Seal(ulong receiver, ReadOnlySpan<byte> payload, Span<byte> packet)
    {
        packet[0] = _cipher is null ? Unsealed : Sealed;
        BinaryPrimitives.WriteUInt32BigEndian(packet[1..], _cipher is null ? 0 : _ring.Hint);
        BinaryPrimitives.WriteUInt64BigEndian(packet[5..], _salt);
        BinaryPrimitives.WriteUInt64BigEndian(packet[13..], _tag);
        BinaryPrimitives.WriteUInt64BigEndian(packet[21..], receiver);
        BinaryPrimitives.WriteUInt64BigEndian(packet[29..], ++_number);
        var body = packet.Slice(HeaderSize, payload.Length);
        var seal = packet.Slice(HeaderSize + payload.Length, TagSize);
        if (_cipher is null)
        {
            payload.CopyTo(body);
            seal.Clear();
        }
        else
        {
            Span<byte> nonce = stackalloc byte[NonceSize];
            WriteNonce(nonce, _number);
            _cipher.Encrypt(nonce, payload, body, seal, packet[..HeaderSize]);
        }

        return Overhead + payload.Length;
    }

    /// <summary>Opens a packet; a reason to drop it is counted.</summary>
    /// <param name="now">The time in milliseconds.</param>
    /// <param name="packet">As received.</param>
    /// <param name="payload">Takes the payload; at least as long as the packet.</param>
    /// <param name="opened">What was in it.</param>
    /// <param name="reason">Why it is dropped, if it is.</param>
    public bool TryOpen(long now, ReadOnlySpan<byte> packet, Span<byte> payload, out OpenedPacket opened, out PacketDrop reason)
    {
        opened = default;
        var drop = Open(now, packet, payload, ref opened);
        reason = drop ?? default;
        if (drop is not null)
            _counters.Drop(reason);
        return drop is null;
    }

    public void Dispose()
    {
        _cipher?.Dispose();
        foreach (var sender in _senders.Values)
            sender.Cipher.Dispose();
        _senders.Clear();
    }

    private PacketDrop? Open(long now, ReadOnlySpan<byte> packet, Span<byte> payload, ref OpenedPacket opened)
    {
        if (packet.Length is < Overhead or > MaxPacket || packet[0] is not (Sealed or Unsealed))
            return PacketDrop.Malformed;
        var receiver = BinaryPrimitives.ReadUInt64BigEndian(packet[21..]);
        if (receiver != 0 && receiver != _tag)
            return PacketDrop.OtherLife;
        var tag = BinaryPrimitives.ReadUInt64BigEndian(packet[13..]);
        var length = packet.Length - Overhead;
        opened = new OpenedPacket(tag, receiver == 0, length);
        if (packet[0] == Sealed)
            return OpenSealed(now, packet, tag, payload[..length]);
        if (_ring.IsSealing)
            return PacketDrop.Unsealed;
        packet.Slice(HeaderSize, length).CopyTo(payload);
        return null;
    }

    private PacketDrop? OpenSealed(long now, ReadOnlySpan<byte> packet, ulong tag, Span<byte> payload)
    {
        var hint = BinaryPrimitives.ReadUInt32BigEndian(packet[1..]);
        if (_ring.Find(hint) is null)
            return PacketDrop.UnknownKey;
        var salt = BinaryPrimitives.ReadUInt64BigEndian(packet[5..]);
        var number = BinaryPrimitives.ReadUInt64BigEndian(packet[29..]);
        var known = _senders.GetValueOrDefault((salt, tag));
        var isNew = known is null || known.Hint != hint;
        if (isNew && !MayDerive(now))
            return PacketDrop.RateLimited;
        var cipher = isNew ? Derive(hint, salt, tag) : known!.Cipher;
        Span<byte> nonce = stackalloc byte[NonceSize];
        WriteNonce(nonce, number);
        try
        {
            cipher.Decrypt(nonce, packet.Slice(HeaderSize, payload.Length), packet[^TagSize..], payload, packet[..HeaderSize]);
        }
        catch (AuthenticationTagMismatchException)
        {
            if (isNew)
                cipher.Dispose();
            return PacketDrop.NotAuthentic;
        }

        if (known is null)
            known = Remember(salt, tag, hint, cipher);
        else if (isNew)
            known.Rekey(hint, cipher);
        known.LastUse = ++_use;
        return known.Window.TryTake(number) ? null : PacketDrop.Replayed;
    }

    /// <summary>Deriving a key costs some microseconds: strangers get no more than a bounded number of them.</summary>
    private bool MayDerive(long now)
    {
        if (now / 1000 != _second)
        {
            _second = now / 1000;
            _newSenders = 0;
        }

        return ++_newSenders <= MaxNewSenders;
    }

    private Sender Remember(ulong salt, ulong tag, uint hint, AesGcm cipher)
    {
        if (_senders.Count >= MaxSenders)
        {
            foreach (var (key, old) in _senders.OrderBy(s => s.Value.LastUse).Take(MaxSenders / 8).ToArray())
            {
                old.Cipher.Dispose();
                _senders.Remove(key);
            }
        }

        return _senders[(salt, tag)] = new Sender(hint, cipher);
    }

    private AesGcm Derive(uint hint, ulong salt, ulong tag)
    {
        Span<byte> bytes = stackalloc byte[2 * sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, salt);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[sizeof(ulong)..], tag);
        return KeyRing.Derive(_ring.Find(hint)!, bytes, "pico gossip packet 1"u8);
    }

    private static void WriteNonce(Span<byte> nonce, ulong number)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[(NonceSize - sizeof(ulong))..], number);
    }

    private sealed class Sender(uint hint, AesGcm cipher)
    {
        public uint Hint { get; private set; } = hint;

        public AesGcm Cipher { get; private set; } = cipher;

        public ReplayWindow Window { get; } = new();

        public ulong LastUse { get; set; }

        public void Rekey(uint hint, AesGcm cipher)
        {
            Cipher.Dispose();
            Hint = hint;
            Cipher = cipher;
        }
    }
}

/// <summary>A packet whose seal is good.</summary>
/// <param name="Sender">The tag of the life that sent it.</param>
/// <param name="IsGreeting">It was sent to whoever is there.</param>
/// <param name="Length">The length of the payload.</param>
internal readonly record struct OpenedPacket(ulong Sender, bool IsGreeting, int Length);
