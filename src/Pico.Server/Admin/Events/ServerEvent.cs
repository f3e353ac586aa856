using System.Text.Json.Serialization;

namespace Pico.Server.Admin.Events;

/// <summary>Something that happened, as <c>/events</c> tells it.</summary>
/// <param name="Id">Tells events apart, and their order; only this node's own.</param>
/// <param name="At">When.</param>
/// <param name="Kind">What.</param>
/// <param name="Level">How bad it is.</param>
/// <param name="Subject">To which node, agent, endpoint or limit.</param>
/// <param name="Message">In words, for people.</param>
/// <param name="Suppressed">How many of the same kind came since the last one that was kept: a flood of them is not told one by one.</param>
public sealed record ServerEvent(string Id, DateTimeOffset At, EventKind Kind, EventLevel Level, string Subject, string Message, int Suppressed = 0);

/// <summary>Some of the events that a node remembers, the oldest first.</summary>
/// <param name="Items">The events.</param>
/// <param name="Missed">How many there were before the first of these, and after the one that was asked for, which the node has forgotten.</param>
public sealed record EventPage(IReadOnlyList<ServerEvent> Items, long Missed);

/// <summary>How bad an event is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EventLevel>))]
public enum EventLevel
{
    /// <summary>As it should be.</summary>
    [JsonStringEnumMemberName("info")]
    Info,

    /// <summary>Somebody should know.</summary>
    [JsonStringEnumMemberName("warning")]
    Warning,

    /// <summary>Something does not work.</summary>
    [JsonStringEnumMemberName("error")]
    Error,
}

/// <summary>What happened.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EventKind>))]
public enum EventKind
{
    /// <summary>Another node is up.</summary>
    [JsonStringEnumMemberName("nodeJoined")]
    NodeJoined,

    /// <summary>A node drains, this one perhaps.</summary>
    [JsonStringEnumMemberName("nodeDraining")]
    NodeDraining,

    /// <summary>A node left in order.</summary>
    [JsonStringEnumMemberName("nodeLeft")]
    NodeLeft,

    /// <summary>A node does not answer, or was declared dead.</summary>
    [JsonStringEnumMemberName("nodeFailed")]
    NodeFailed,

    /// <summary>An agent has opened a tunnel.</summary>
    [JsonStringEnumMemberName("agentConnected")]
    AgentConnected,

    /// <summary>An agent's tunnel has ended in order.</summary>
    [JsonStringEnumMemberName("agentLeft")]
    AgentLeft,

    /// <summary>An agent's tunnel broke.</summary>
    [JsonStringEnumMemberName("agentLost")]
    AgentLost,

    /// <summary>An agent, or what it wanted to register, was refused.</summary>
    [JsonStringEnumMemberName("agentRefused")]
    AgentRefused,

    /// <summary>An endpoint has its first upstream.</summary>
    [JsonStringEnumMemberName("endpointAppeared")]
    EndpointAppeared,

    /// <summary>An endpoint has lost its last upstream.</summary>
    [JsonStringEnumMemberName("endpointDisappeared")]
    EndpointDisappeared,

    /// <summary>An upstream is left out, since it took no streams.</summary>
    [JsonStringEnumMemberName("upstreamEjected")]
    UpstreamEjected,

    /// <summary>An upstream that was left out works again.</summary>
    [JsonStringEnumMemberName("upstreamRecovered")]
    UpstreamRecovered,

    /// <summary>A limit refused something; the same limit is told every 10 s at most.</summary>
    [JsonStringEnumMemberName("limitReached")]
    LimitReached,
}
