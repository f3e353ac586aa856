namespace Pico.Gossip;

/// <summary>
/// Hears what changes in the cluster, in order, from one thread at a time, this node itself left out. A method returns at once and never throws (an exception is logged, the
/// event is lost for that observer); it may call the <see cref="GossipNode"/>. Spans are valid during the call only.
/// </summary>
public interface IGossipObserver
{
    /// <summary>A member is up. Its values follow by <see cref="OnValueSet"/>. A member that was cut off comes up again with the same life.</summary>
    void OnMemberUp(Member member);

    /// <summary>A member is down, and with it all of its values; no <see cref="OnValueRemoved"/> follows.</summary>
    void OnMemberDown(Member member, MemberDownReason reason);

    /// <summary>A member that is up has a new value under a key.</summary>
    /// <param name="member">Whose value.</param>
    /// <param name="key">The key, UTF-8.</param>
    /// <param name="value">The value.</param>
    void OnValueSet(Member member, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>A member that is up removed a key.</summary>
    /// <param name="member">Whose key.</param>
    /// <param name="key">The key, UTF-8.</param>
    void OnValueRemoved(Member member, ReadOnlySpan<byte> key);
}
