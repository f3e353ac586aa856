using Pico.Agent.Commands;
using Pico.Configuration.Definitions;
using Pico.Configuration.Types;

namespace Pico.Cli.Settings;

/// <summary>What <c>pico status</c> shows.</summary>
internal enum StatusSection
{
    Overview,
    Nodes,
    Endpoints,
    Endpoint,
    Upstreams,
    Tunnels,
    Gossip,
}

/// <summary>How <c>pico status</c> shows it.</summary>
internal enum StatusOutput
{
    Table,
    Wide,
    Json,
    Yaml,
}

/// <summary>Everything that can be set on <c>pico status</c>.</summary>
internal sealed class StatusSettings
{
    private const string Any = "any";

    public static OptionType<StatusSection> Sections { get; } = OptionTypes.Choice<StatusSection>(
        ("nodes", StatusSection.Nodes), ("endpoints", StatusSection.Endpoints), ("endpoint", StatusSection.Endpoint), ("upstreams", StatusSection.Upstreams),
        ("tunnels", StatusSection.Tunnels), ("gossip", StatusSection.Gossip), ("all", StatusSection.Overview));

    public static OptionSet<StatusSettings> Definitions { get; } = new OptionSet<StatusSettings>()
        .Include(AdminSettings.Definitions, s => s.Admin)
        .AddServerTls(s => s.Admin.ServerTls, (s, v) => s.Admin.ServerTls = v, s => [new Uri(s.Admin.Server)], "https://")
        .Add(
            "output", OptionTypes.Choice<StatusOutput>(("table", StatusOutput.Table), ("wide", StatusOutput.Wide), ("json", StatusOutput.Json), ("yaml", StatusOutput.Yaml)),
            s => s.Output, (s, v) => s.Output = v,
            "table fits the terminal; wide has every column, however long its lines are; json and yaml are for programs, and have everything.")
        .Add("watch", OptionTypes.Switch, s => s.Watch, (s, v) => s.Watch = v, "Show it again whenever it changes, until Ctrl-C. With json each time is one line, with yaml one document.")
        .Add("search", TokenAuthSettings.AnyText, s => s.Search, (s, v) => s.Search = v, "Only nodes, endpoints or tunnels that have this text in their name.")
        .Add("zone", TokenAuthSettings.AnyText, s => s.Zone, (s, v) => s.Zone = v, "Only nodes or tunnels of this availability zone.")
        .Add("protocol", Words("http", "h2c", "tcp"), s => s.Protocol, (s, v) => s.Protocol = v, "Only endpoints of this protocol.")
        .Add("state", Words("healthy", "degraded", "failing", "unavailable", "unhealthy"), s => s.State, (s, v) => s.State = v, "Only endpoints that do so; unhealthy: all that are not healthy.")
        .Add("holder", TokenAuthSettings.AnyText, s => s.Holder, (s, v) => s.Holder = v, "Only endpoints that have an upstream at this node.")
        .Add("endpoint", TokenAuthSettings.AnyText, s => s.Endpoint, (s, v) => s.Endpoint = v, "Only tunnels of which this endpoint is one.")
        .Add(
            "sort", OptionTypes.Choice<string>(("id", "id"), ("state", "state"), ("rate", "rate"), ("errors", "errors"), ("latency", "latency")), s => s.Sort, (s, v) => s.Sort = v,
            "Which endpoint comes first: the first in the alphabet, or that which has most of it.");

    public StatusSection Section { get; set; }

    /// <summary>The endpoint of <see cref="StatusSection.Endpoint"/>.</summary>
    public string Id { get; set; } = "";

    public AdminSettings Admin { get; } = new();

    public StatusOutput Output { get; set; }

    public bool Watch { get; set; }

    public string Search { get; set; } = "";

    public string Zone { get; set; } = "";

    public string Protocol { get; set; } = "";

    public string State { get; set; } = "";

    public string Holder { get; set; } = "";

    public string Endpoint { get; set; } = "";

    public string Sort { get; set; } = "id";

    private static OptionType<string> Words(params IEnumerable<string> words) => OptionTypes.Choice<string>([.. words.Select(w => (w, w)), (Any, "")]);
}
