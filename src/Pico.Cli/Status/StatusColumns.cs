using Pico.Server.Admin.Status;
using Spectre.Console;

namespace Pico.Cli.Status;

/// <summary>The columns of the tables of <c>pico status</c>.</summary>
internal static class StatusColumns
{
    public static IReadOnlyList<Column<NodeStatus>> Nodes(DateTimeOffset now) =>
    [
        new("NODE", n => n.Id) { Least = 20 },
        new("STATE", n => n.State) { Colour = ColourOf },
        new("ZONE", n => n.Zone) { Rank = 4 },
        new("ADDRESS", n => n.Address) { Rank = 5 },
        new("LINK", n => n.Link) { Rank = 2, Colour = ColourOf },
        new("TUNNELS", n => ConsoleText.Number(n.Tunnels)) { IsNumber = true, Rank = 1 },
        new("ENDPOINTS", n => ConsoleText.Number(n.Endpoints)) { IsNumber = true, Rank = 1 },
        new("UP", n => n.StartedAt is { } start ? ConsoleText.Age(now - start) : "") { IsNumber = true, Rank = 3 },
        new("STARTED", n => ConsoleText.Time(n.StartedAt)) { IsWide = true },
        new("CLIENTS", n => n.ClientConnections is { } c ? ConsoleText.Number(c) : "") { IsNumber = true, IsWide = true },
        new("IN FLIGHT", n => n.RequestsInFlight is { } r ? ConsoleText.Number(r) : "") { IsNumber = true, IsWide = true },
        new("SOFTWARE", n => n.Software) { Rank = 6 },
    ];

    public static IReadOnlyList<Column<EndpointStatus>> Endpoints { get; } =
    [
        new("ENDPOINT", e => e.Id) { Least = 24 },
        new("STATE", e => e.State.ToString().ToLowerInvariant()) { Colour = ColourOf },
        new("PROTOCOL", e => e.Protocol) { Rank = 5 },
        new("UPSTREAMS", e => ConsoleText.Number(e.UpstreamCount)) { IsNumber = true, Rank = 2 },
        new("REQ/S", e => ConsoleText.Figure(e.RequestsPerSecond)) { IsNumber = true, Rank = 1 },
        new("ERR/S", e => ConsoleText.Figure(e.ErrorsPerSecond)) { IsNumber = true, Rank = 1 },
        new("MEDIAN MS", e => ConsoleText.Figure(e.MedianMilliseconds)) { IsNumber = true, IsWide = true },
        new("P99 MS", e => ConsoleText.Figure(e.P99Milliseconds)) { IsNumber = true, Rank = 3 },
        new("IN FLIGHT", e => ConsoleText.Number(e.InFlight)) { IsNumber = true, Rank = 4 },
        new("FAILING SINCE", e => ConsoleText.Time(e.FailingSince)) { IsWide = true },
        new("REASON", e => e.Reason ?? "") { Least = 12, Rank = 1 },
    ];

    public static IReadOnlyList<Column<(string Endpoint, UpstreamStatus Upstream)>> Upstreams { get; } =
    [
        new("ENDPOINT", r => r.Endpoint) { Least = 20 },
        new("NODE", r => r.Upstream.NodeId) { Least = 12, Rank = 1 },
        new("AGENT", r => r.Upstream.Description) { Least = 20 },
        new("STATE", r => r.Upstream.State) { Colour = ColourOf },
        new("COUNT", r => ConsoleText.Number(r.Upstream.Count)) { IsNumber = true, Rank = 2 },
        new("IN FLIGHT", r => ConsoleText.Number(r.Upstream.Outstanding)) { IsNumber = true, Rank = 3 },
        new("IDLE STREAMS", r => ConsoleText.Number(r.Upstream.IdleStreams)) { IsNumber = true, IsWide = true },
        new("AGENT ID", r => r.Upstream.AgentId) { IsWide = true },
    ];

    public static IReadOnlyList<Column<TunnelStatus>> Tunnels { get; } =
    [
        new("AGENT", t => t.AgentName) { Least = 20 },
        new("ADDRESS", t => t.Address) { Rank = 3 },
        new("ZONE", t => t.Zone) { Rank = 5 },
        new("STATE", t => t.State) { Colour = ColourOf },
        new("AGE", t => ConsoleText.Age(TimeSpan.FromSeconds(t.AgeSeconds))) { IsNumber = true, Rank = 1 },
        new("RTT MS", t => ConsoleText.Figure(t.RoundTripMilliseconds)) { IsNumber = true, Rank = 2 },
        new("STREAMS", t => ConsoleText.Number(t.Streams)) { IsNumber = true, Rank = 2 },
        new("RECEIVED", t => ConsoleText.Size(t.BytesReceived)) { IsNumber = true, Rank = 4 },
        new("SENT", t => ConsoleText.Size(t.BytesSent)) { IsNumber = true, Rank = 4 },
        new("TOKEN EXPIRES", t => ConsoleText.Time(t.TokenExpiresAt)) { Rank = 6 },
        new("TOKEN OF", t => t.TokenSubject) { IsWide = true },
        new("AGENT ID", t => t.AgentId) { IsWide = true },
        new("SOFTWARE", t => t.Software) { IsWide = true },
        new("ENDPOINTS", t => t.EndpointCount <= t.Endpoints.Count ? string.Join(',', t.Endpoints) : $"{string.Join(',', t.Endpoints)} and {t.EndpointCount - t.Endpoints.Count} more") { Least = 12, Rank = 1 },
    ];

    public static IReadOnlyList<Column<GossipMemberStatus>> Members(DateTimeOffset now) =>
    [
        new("MEMBER", m => m.NodeId) { Least = 20 },
        new("STATE", m => m.State) { Colour = ColourOf },
        new("ADDRESS", m => m.Address) { Rank = 1 },
        new("UP", m => ConsoleText.Age(now - m.Start)) { IsNumber = true, Rank = 3 },
        new("KEYS", m => ConsoleText.Number(m.Keys)) { IsNumber = true, Rank = 2 },
        new("STARTED", m => ConsoleText.Time(m.Start)) { IsWide = true },
    ];

    /// <summary>The colour of a state, by its word.</summary>
    public static Color? ColourOf(string state) => state switch
    {
        "healthy" or "ready" or "open" or "alive" or "up" => Color.Green,
        "degraded" or "draining" or "starting" or "suspect" or "leaving" or "closed" => Color.Yellow,
        "failing" or "unavailable" or "failed" or "dead" or "ejected" or "down" => Color.Red,
        _ => null,
    };
}
