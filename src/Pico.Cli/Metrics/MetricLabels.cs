namespace Pico.Cli.Metrics;

/// <summary>Which labels each metric has, by the instrument's name, and what they say. A test compares it with what Prometheus scrapes.</summary>
internal static class MetricLabels
{
    private static readonly Dictionary<string, string[]> Known = new(StringComparer.Ordinal)
    {
        ["pico.requests"] = ["endpoint", "status", "error"],
        ["pico.request.duration"] = ["endpoint"],
        ["pico.request.time_to_head"] = ["endpoint"],
        ["pico.tcp.connections"] = ["endpoint", "error"],
        ["pico.endpoint.bytes"] = ["endpoint", "direction"],
        ["pico.endpoint.in_flight"] = ["endpoint"],
        ["pico.endpoint.upstreams"] = ["endpoint", "state"],
        ["pico.streams.refused"] = ["error"],
        ["pico.upstream.ejections"] = ["endpoint", "error"],
        ["pico.upstream.recoveries"] = ["endpoint"],
        ["pico.node.info"] = ["node", "version", "zone"],
        ["pico.events"] = ["kind"],
        ["pico.tunnels.refused"] = ["reason"],
        ["pico.tunnels.ended"] = ["reason"],
        ["pico.tunnel.bytes"] = ["direction"],
        ["pico.token.refusals"] = ["port", "reason"],
        ["pico.limit.hits"] = ["limit"],
        ["pico.cluster.peers.down"] = ["reason"],
        ["pico.peer_links.failed"] = ["reason"],
        ["pico.peer_links.refused"] = ["reason"],
        ["pico.relays.refused"] = ["error"],
        ["pico.relay.bytes"] = ["direction"],
        ["pico.gossip.members"] = ["state"],
        ["pico.gossip.packets"] = ["direction"],
        ["pico.gossip.bytes"] = ["direction"],
        ["pico.gossip.syncs"] = ["result"],
        ["pico.gossip.dropped"] = ["reason"],
        ["pico.controller.admissions"] = ["outcome", "reason"],
        ["pico.controller.events"] = ["reason"],
        ["pico.controller.reconcile.duration"] = ["kind", "result"],
    };

    /// <summary>What a label says wherever it stands.</summary>
    public static IReadOnlyList<(string Name, string Meaning)> Meanings { get; } =
    [
        ("endpoint", "the endpoint's ID; `other` for those beyond the first 1,000; empty if no endpoint was found"),
        ("status", "the HTTP status of the answer; `0` if it was none"),
        ("error", "an error's code, as in `x-pico-error` for requests and relays, and for streams why they were not opened; empty if there was none"),
        ("direction", "`received` or `sent`, as seen by the process that counts"),
        ("state", "of upstreams `open` or `ejected` (left out for now), of members `alive`, `suspect`, `left` or `dead`"),
        ("reason", "why, in lower case with underscores: `ping_timeout`, `token_expired`, …"),
        ("kind", "of events as `/events` has it, with underscores; of looks at objects `endpoint`, `namespace` or `pod`"),
        ("port", "`proxy`, `upstream` or `admin`"),
        ("limit", "the option that sets the limit"),
        ("result", "`ok` or `error`; of syncs `complete` or `failed`"),
        ("outcome", "`injected`, `skipped` (see `reason`), `not_asked` or `failed` (the review could not be understood)"),
        ("node", "a node's ID"),
        ("name", "the agent's name"),
        ("version", "of the software"),
        ("zone", "the node's zone, or empty"),
    ];

    /// <summary>The instruments with that label.</summary>
    public static IEnumerable<string> With(string label) => Known.Where(k => k.Value.Contains(label)).Select(static k => k.Key);

    /// <summary>The labels of the instrument of that name.</summary>
    public static IReadOnlyList<string> Of(string instrument) => Known.GetValueOrDefault(instrument, []);
}
