using System.Net;
using Pico.Gossip;
using Pico.Gossip.Core;
using Pico.Gossip.Wire;

namespace Pico.Tests.Gossip;

/// <summary>Takes down what a core sends and tells.</summary>
internal sealed class RecordingOutput : IGossipOutput
{
    public List<(IPEndPoint To, ulong Tag, byte[] Payload)> Sent { get; } = [];

    public List<string> Events { get; } = [];

    public int Synchronizations { get; private set; }

    public static MemberRecord RecordOf(string nodeId, int number, long start = 1)
    {
        var life = new NodeLife(nodeId, start);
        return new MemberRecord(life, MemberUpdate.TagOf(life), new IPEndPoint(new IPAddress([10, 0, 0, (byte)number]), 8002), MemberRecord.OwnVersions);
    }

    public void Send(IPEndPoint to, ulong tag, ReadOnlySpan<byte> payload) => Sent.Add((to, tag, payload.ToArray()));

    public void Synchronize(IPEndPoint to, ulong tag) => Synchronizations++;

    public void Joined() => Events.Add("joined");

    public void Expelled(MemberDownReason reason) => Events.Add($"expelled {reason}");

    public void MemberUp(Member member) => Events.Add($"up {member.Life}");

    public void MemberDown(Member member, MemberDownReason reason) => Events.Add($"down {member.Life} {reason}");

    public void ValueSet(Member member, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        Events.Add($"set {member.Life} {System.Text.Encoding.UTF8.GetString(key)}={System.Text.Encoding.UTF8.GetString(value)}");

    public void ValueRemoved(Member member, ReadOnlySpan<byte> key) => Events.Add($"removed {member.Life} {System.Text.Encoding.UTF8.GetString(key)}");
}
