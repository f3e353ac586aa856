using Pico.Gossip;
using Pico.Gossip.Sealing;

namespace Pico.Tests.Gossip;

/// <summary>What is sealed and what is thrown away.</summary>
public sealed class PacketSealerTests : IDisposable
{
    private const ulong SenderTag = 11;
    private const ulong ReceiverTag = 22;

    private static readonly GossipKey OldKey = GossipKey.Create();
    private static readonly GossipKey NewKey = GossipKey.Create();

    private readonly GossipCounters _counters = new();
    private readonly List<PacketSealer> _sealers = [];

    [Fact]
    public void Packet_ForThisLife_IsOpenedOnce()
    {
        var packet = Seal(Sealer(SenderTag, OldKey), ReceiverTag);
        var receiver = Sealer(ReceiverTag, OldKey);

        Assert.Equal((SenderTag, false, "payload"), Open(receiver, packet));
        Assert.Null(Open(receiver, packet));
        Assert.Equal(1, _counters.Dropped(PacketDrop.Replayed));
    }

    [Fact]
    public void Packet_SealsDifferentlyEachTime_AndHidesItsPayload()
    {
        var sender = Sealer(SenderTag, OldKey);
        var first = Seal(sender, ReceiverTag);
        var second = Seal(sender, ReceiverTag);

        Assert.False(first.AsSpan(37).SequenceEqual(second.AsSpan(37)));
        Assert.Equal(-1, first.AsSpan().IndexOf("payload"u8));
    }

    [Fact]
    public void Packet_ForAnotherLife_IsDropped()
    {
        var packet = Seal(Sealer(SenderTag, OldKey), receiver: 33);

        Assert.Null(Open(Sealer(ReceiverTag, OldKey), packet));
        Assert.Equal(1, _counters.Dropped(PacketDrop.OtherLife));
    }

    [Fact]
    public void Packet_RedirectedToThisLife_IsNotAuthentic()
    {
        var packet = Seal(Sealer(SenderTag, OldKey), receiver: 33);
        packet[28] = (byte)ReceiverTag; // the last byte of the receiver's tag

        Assert.Null(Open(Sealer(ReceiverTag, OldKey), packet));
        Assert.Equal(1, _counters.Dropped(PacketDrop.NotAuthentic));
    }

    [Fact]
    public void Packet_OfAnUnknownKeyOrOfNone_IsDropped()
    {
        var receiver = Sealer(ReceiverTag, OldKey);

        Assert.Null(Open(receiver, Seal(Sealer(SenderTag, NewKey), ReceiverTag)));
        Assert.Null(Open(receiver, Seal(Sealer(SenderTag), ReceiverTag)));
        Assert.Equal((1, 1), (_counters.Dropped(PacketDrop.UnknownKey), _counters.Dropped(PacketDrop.Unsealed)));
    }

    [Fact]
    public void Packets_WithoutAnyKey_AreTaken()
    {
        Assert.Equal((SenderTag, true, "payload"), Open(Sealer(ReceiverTag), Seal(Sealer(SenderTag), receiver: 0)));
    }

    [Fact]
    public void Rotation_InThreeSteps_HasNoGap()
    {
        GossipKey[][] steps = [[OldKey], [OldKey, NewKey], [NewKey, OldKey], [NewKey]];
        var sender = Sealer(SenderTag, OldKey);
        var receiver = Sealer(ReceiverTag, OldKey);
        for (var step = 0; step + 1 < steps.Length; step++)
        {
            // One node is a step ahead of the other, in both directions.
            sender.SetKeys(new KeyRing(steps[step + 1]));
            Assert.NotNull(Open(receiver, Seal(sender, ReceiverTag)));
            Assert.NotNull(Open(sender, Seal(receiver, SenderTag)));
            receiver.SetKeys(new KeyRing(steps[step + 1]));
            Assert.NotNull(Open(receiver, Seal(sender, ReceiverTag)));
        }
    }

    [Fact]
    public void Packet_ReplayedAfterRotation_IsStillKnown()
    {
        var sender = Sealer(SenderTag, OldKey, NewKey);
        var receiver = Sealer(ReceiverTag, OldKey, NewKey);
        var recorded = Seal(sender, ReceiverTag);
        Assert.NotNull(Open(receiver, recorded));
        sender.SetKeys(new KeyRing([NewKey, OldKey]));
        Assert.NotNull(Open(receiver, Seal(sender, ReceiverTag)));

        Assert.Null(Open(receiver, recorded));
        Assert.Equal(1, _counters.Dropped(PacketDrop.Replayed));
    }

    [Fact]
    public void Strangers_WithThousandsOfNames_AreLimited()
    {
        var receiver = Sealer(ReceiverTag, OldKey);
        var forged = Seal(Sealer(SenderTag, OldKey), ReceiverTag);
        for (var i = 0; i < 5000; i++)
        {
            BitConverter.TryWriteBytes(forged.AsSpan(5), i + 1L);
            Assert.Null(Open(receiver, forged));
        }

        Assert.Equal((1000, 4000), (_counters.Dropped(PacketDrop.NotAuthentic), _counters.Dropped(PacketDrop.RateLimited)));
    }

    [Fact]
    public void ReplayWindow_TakesEachNumberOnceInAnyOrder()
    {
        var random = new Random(5);
        var window = new ReplayWindow();
        var taken = new HashSet<ulong>();
        var highest = 0UL;
        for (var i = 0; i < 100_000; i++)
        {
            var number = (ulong)Math.Max(1, (long)highest + random.Next(-1500, 40));
            Assert.Equal(highest < number + 1024 && !taken.Contains(number), window.TryTake(number));
            if (highest < number + 1024)
                taken.Add(number);
            highest = Math.Max(highest, number);
        }

        Assert.False(window.TryTake(0));
    }

    public void Dispose() => _sealers.ForEach(sealer => sealer.Dispose());

    private static byte[] Seal(PacketSealer sealer, ulong receiver)
    {
        var packet = new byte[PacketSealer.MaxPacket];
        return packet[..sealer.Seal(receiver, "payload"u8, packet)];
    }

    private static (ulong Sender, bool IsGreeting, string Payload)? Open(PacketSealer sealer, byte[] packet)
    {
        var payload = new byte[PacketSealer.MaxPacket];
        return sealer.TryOpen(0, packet, payload, out var opened, out _)
            ? (opened.Sender, opened.IsGreeting, System.Text.Encoding.UTF8.GetString(payload, 0, opened.Length))
            : null;
    }

    private PacketSealer Sealer(ulong tag, params GossipKey[] keys)
    {
        var sealer = new PacketSealer(new KeyRing(keys), tag, tag * 1000, _counters);
        _sealers.Add(sealer);
        return sealer;
    }
}
