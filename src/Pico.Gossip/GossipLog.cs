using System.Net;
using Microsoft.Extensions.Logging;

namespace Pico.Gossip;

/// <summary>What the gossip logs. Event IDs 1100 to 1199.</summary>
internal static partial class GossipLog
{
    [LoggerMessage(1100, LogLevel.Information, "Gossip on {Bind}, reached at {Address}, as {Life}")]
    public static partial void Started(ILogger logger, EndPoint bind, IPEndPoint address, NodeLife life);

    [LoggerMessage(1101, LogLevel.Warning, "GOSSIP IS NOT ENCRYPTED AND NOT AUTHENTICATED: no key is configured. Whoever reaches the gossip port can join the cluster and take its traffic. Configure the same key on every node (openssl rand -base64 32)")]
    public static partial void NoKey(ILogger logger);

    [LoggerMessage(1102, LogLevel.Information, "Member {Life} at {Address} is up")]
    public static partial void MemberUp(ILogger logger, NodeLife life, IPEndPoint address);

    [LoggerMessage(1103, LogLevel.Information, "Member {Life} at {Address} is down: {Reason}")]
    public static partial void MemberDown(ILogger logger, NodeLife life, IPEndPoint address, MemberDownReason reason);

    [LoggerMessage(1104, LogLevel.Information, "Joined: {Members} other members")]
    public static partial void Joined(ILogger logger, int members);

    [LoggerMessage(1105, LogLevel.Error, "This node ({Life}) is out of the cluster: {Reason}. If Replaced, another node with this ID started later, or this machine's clock is behind the one of the last run")]
    public static partial void Expelled(ILogger logger, NodeLife life, MemberDownReason reason);

    [LoggerMessage(1106, LogLevel.Warning, "Cannot resolve {Target} to join: {Reason}; trying again for ever")]
    public static partial void CannotResolve(ILogger logger, string target, string reason);

    [LoggerMessage(1107, LogLevel.Debug, "Exchange of state with {Peer} failed: {Reason}")]
    public static partial void SyncFailed(ILogger logger, EndPoint peer, string reason);

    [LoggerMessage(1108, LogLevel.Error, "An observer of the gossip failed; it has lost an event")]
    public static partial void ObserverFailed(ILogger logger, Exception exception);

    [LoggerMessage(1109, LogLevel.Debug, "A packet to {Address} could not be sent: {Reason}")]
    public static partial void CannotSend(ILogger logger, IPEndPoint address, string reason);

    [LoggerMessage(1110, LogLevel.Warning, "Packets are being dropped: {Reason} (now {Count} in all), the last from {Address}")]
    public static partial void Dropping(ILogger logger, PacketDrop reason, long count, EndPoint address);

    [LoggerMessage(1111, LogLevel.Error, "The gossip's loop failed and goes on")]
    public static partial void LoopFailed(ILogger logger, Exception exception);
}
