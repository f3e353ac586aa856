using System.Net;
using System.Net.Sockets;
using Pico.Gossip;
using Pico.Gossip.Sealing;
using Pico.Gossip.Wire;

namespace Pico.Simulation;

/// <summary>A member on loopback that answers whoever asks whether it lives, and does nothing else: for measurements of what other nodes hold of it.</summary>
internal sealed class SyntheticMember : IAsyncDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly CancellationTokenSource _stopping = new();
    private readonly PacketSealer _sealer;
    private readonly Task _answering;

    public SyntheticMember(NodeLife life, GossipKey key)
    {
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Record = new MemberRecord(life, MemberUpdate.TagOf(life), (IPEndPoint)_socket.LocalEndPoint!, MemberRecord.OwnVersions);
        _sealer = new PacketSealer(new KeyRing([key]), Record.Tag, salt: Record.Tag, new GossipCounters());
        _answering = AnswerAsync();
    }

    /// <summary>What it would say of itself.</summary>
    public MemberRecord Record { get; }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _answering.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        _sealer.Dispose();
        _stopping.Dispose();
    }

    private async Task AnswerAsync()
    {
        var packet = new byte[PacketSealer.MaxPacket];
        var payload = new byte[PacketSealer.MaxPacket];
        var clock = TimeProvider.System;
        var start = clock.GetTimestamp();
        while (true)
        {
            var received = await _socket.ReceiveFromAsync(packet, new IPEndPoint(IPAddress.Any, 0), _stopping.Token);
            var now = (long)clock.GetElapsedTime(start).TotalMilliseconds;
            if (!_sealer.TryOpen(now, packet.AsSpan(0, received.ReceivedBytes), payload, out var opened, out _) || opened.IsGreeting)
                continue;
            var length = Answer(payload.AsSpan(0, opened.Length), opened.Sender, packet);
            if (length > 0)
                await _socket.SendToAsync(packet.AsMemory(0, length), received.RemoteEndPoint, _stopping.Token);
        }
    }

    /// <summary>Seals the answer to a ping. Gives its length, 0 if there was none.</summary>
    private int Answer(ReadOnlySpan<byte> payload, ulong sender, Span<byte> packet)
    {
        Span<byte> buffer = stackalloc byte[64];
        var writer = new PayloadWriter(buffer);
        writer.Begin(Section.Sender);
        writer.VarInt(0);
        writer.UInt64(0);
        writer.End();
        var head = writer.Length;
        var reader = new PayloadReader(payload);
        while (reader.Next(out var section, out var body))
        {
            if (section != Section.Ping)
                continue;
            writer.Begin(Section.Ack);
            writer.UInt32(body.UInt32());
            writer.End();
            break;
        }

        return writer.Length == head ? 0 : _sealer.Seal(sender, writer.Written, packet);
    }
}
