using System.Net;

namespace Pico.Gossip.Core;

/// <summary>What the core asks of its shell. Called under the core's gate: nothing here may block, or call the core.</summary>
internal interface IGossipOutput
{
    /// <summary>Sends a packet to a life; to whoever is there if the tag is 0.</summary>
    void Send(IPEndPoint to, ulong tag, ReadOnlySpan<byte> payload);

    /// <summary>Opens a connection to a life and exchanges state on it: <see cref="GossipCore.OpenSync"/>, and <see cref="GossipCore.SyncEnded"/> in any case.</summary>
    void Synchronize(IPEndPoint to, ulong tag);

    /// <summary>This node has found the cluster and knows what it knew.</summary>
    void Joined();

    /// <summary>The cluster holds this life to be over.</summary>
    void Expelled(MemberDownReason reason);

    void MemberUp(Member member);

    void MemberDown(Member member, MemberDownReason reason);

    void ValueSet(Member member, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    void ValueRemoved(Member member, ReadOnlySpan<byte> key);
}
