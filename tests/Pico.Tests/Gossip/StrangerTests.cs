using System.Net;
using System.Security.Cryptography;
using Pico.Gossip;
using Pico.Gossip.Core;
using Pico.Gossip.Sealing;

namespace Pico.Tests.Gossip;

/// <summary>A million packets of somebody without the key: nothing is learnt, nothing changes, nothing breaks, everything is counted.</summary>
public sealed class StrangerTests(ITestOutputHelper output)
{
    private const int Packets = 1_000_000;

    [Fact]
    public void MillionPackets_MutatedReplayedAndForged_ChangeNothingAndAreCounted()
    {
        const int Seed = 20261127;
        output.WriteLine($"seed {Seed}");
        var random = new Random(Seed);
        var key = GossipKey.Create();
        using var cluster = new Pair(key);
        cluster.Exchange();
        var recorded = cluster.ToSecond.ToList();
        using var foreign = new Pair(GossipKey.Create());
        foreign.Exchange();
        using var open = new Pair(null);
        open.Exchange();
        var before = cluster.Second.Fingerprint();
        var packet = new byte[1500];
        for (var i = 0; i < Packets; i++)
        {
            var (source, mutate) = random.Next(8) switch
            {
                0 => (recorded, false), // sent again, as it was
                1 => (foreign.ToSecond, random.Next(2) == 0), // another key
                2 => (open.ToSecond, random.Next(2) == 0), // no key
                _ => (recorded, true),
            };
            var original = source[random.Next(source.Count)];
            original.CopyTo(packet, 0);
            var length = mutate ? Mutate(random, packet, original.Length) : original.Length;
            cluster.Second.Receive(packet.AsSpan(0, length), now: 10_000 + (i / 100));
        }

        Assert.Equal(before, cluster.Second.Fingerprint());
        Assert.Equal(Packets, Enum.GetValues<PacketDrop>().Sum(cluster.Second.Counters.Dropped));
        Assert.All(
            [PacketDrop.Malformed, PacketDrop.UnknownKey, PacketDrop.Unsealed, PacketDrop.NotAuthentic, PacketDrop.Replayed, PacketDrop.OtherLife],
            reason => Assert.NotEqual(0, cluster.Second.Counters.Dropped(reason)));
        foreach (var reason in Enum.GetValues<PacketDrop>())
            output.WriteLine($"{reason}: {cluster.Second.Counters.Dropped(reason)}");
    }

    [Fact]
    public void MutatedPackets_WithoutAnyKey_BreakNothing()
    {
        var random = new Random(7);
        using var pair = new Pair(null);
        pair.Exchange();
        var packet = new byte[1500];
        for (var i = 0; i < 200_000; i++)
        {
            var original = pair.ToSecond[random.Next(pair.ToSecond.Count)];
            original.CopyTo(packet, 0);
            pair.Second.Receive(packet.AsSpan(0, Mutate(random, packet, original.Length, from: 37)), now: 10_000 + (i / 100));
            if (i % 1000 == 0)
                pair.Second.Core.Tick(10_000 + (i / 100));
        }

        Assert.InRange(pair.Second.Core.Table.Up.Count, 1, 4096);
    }

    private static int Mutate(Random random, byte[] packet, int length, int from = 0)
    {
        for (var changes = 1 + random.Next(4); changes > 0; changes--)
        {
            switch (random.Next(4))
            {
                case 0:
                    length = random.Next(from, Math.Min(1450, length + 60));
                    break;
                case 1 when length > from:
                    packet[random.Next(from, length)] = (byte)random.Next(256);
                    break;
                case 2 when length > from + 8:
                    random.NextBytes(packet.AsSpan(random.Next(from, length - 8), 8));
                    break;
                case 3 when length > from:
                    packet[random.Next(from, length)] ^= (byte)(1 << random.Next(8));
                    break;
            }
        }

        // Whatever was done, it is not the packet any more.
        if (length > from)
            packet[from + random.Next(length - from)] ^= 0x55;
        return length;
    }

    /// <summary>Two nodes that know each other, and what the first sent the second.</summary>
    private sealed class Pair : IDisposable
    {
        public Pair(GossipKey? key)
        {
            First = new Node("first", 1, key);
            Second = new Node("second", 2, key);
        }

        public Node First { get; }

        public Node Second { get; }

        public List<byte[]> ToSecond { get; } = [];

        public void Dispose()
        {
            First.Dispose();
            Second.Dispose();
        }

        public void Exchange()
        {
            First.Core.SetJoinAddresses([Second.Address]);
            First.Core.Set("key"u8, "value"u8);
            for (var now = 0; now < 5000; now += 20)
            {
                First.Core.Tick(now);
                Second.Core.Tick(now);
                foreach (var packet in First.TakeSent())
                {
                    ToSecond.Add(packet);
                    Second.Receive(packet, now);
                }

                foreach (var packet in Second.TakeSent())
                    First.Receive(packet, now);
            }

            Assert.Equal(2, First.Core.Table.Up.Count);
            Assert.Equal(2, Second.Core.Table.Up.Count);
            Assert.InRange(ToSecond.Count, 20, 1000);
        }
    }

    private sealed class Node : IDisposable
    {
        private readonly RecordingOutput _output = new();
        private readonly PacketSealer _sealer;
        private readonly IPEndPoint _other = new(new IPAddress([10, 9, 9, 9]), 8002);

        public Node(string id, int number, GossipKey? key)
        {
            var record = RecordingOutput.RecordOf(id, number);
            Address = record.Address;
            _sealer = new PacketSealer(new KeyRing(key is null ? [] : [key]), record.Tag, (ulong)RandomNumberGenerator.GetInt32(int.MaxValue), Counters);
            Core = new GossipCore(new CoreOptions { HasJoinTargets = true }, record, new Random(number), _output, Counters, 0);
        }

        public IPEndPoint Address { get; }

        public GossipCounters Counters { get; } = new();

        public GossipCore Core { get; }

        public void Dispose() => _sealer.Dispose();

        public string Fingerprint() => $"{Core.Table.Hash} {Core.Table.Revision} {string.Join(", ", Core.Table.Up.Select(p => $"{p.Member} {p.Incarnation} {p.Log.Version}"))} {_output.Events.Count}";

        public void Receive(ReadOnlySpan<byte> packet, long now)
        {
            Span<byte> payload = stackalloc byte[PacketSealer.MaxPacket];
            if (_sealer.TryOpen(now, packet, payload, out var opened, out _))
                Core.Receive(now, _other, opened.Sender, opened.IsGreeting, payload[..opened.Length]);
        }

        public List<byte[]> TakeSent()
        {
            var packets = new List<byte[]>();
            foreach (var (_, tag, payload) in _output.Sent)
            {
                var packet = new byte[PacketSealer.MaxPacket];
                packets.Add(packet[.._sealer.Seal(tag, payload, packet)]);
            }

            _output.Sent.Clear();
            return packets;
        }
    }
}
