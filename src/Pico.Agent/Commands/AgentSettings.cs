using Pico.Agent.Commands.Logs;
using Pico.Agent.Endpoints;
using Pico.Configuration.Definitions;
using Pico.Configuration.Types;

namespace Pico.Agent.Commands;

/// <summary>Everything that can be set on <c>pico agent</c>.</summary>
public sealed class AgentSettings
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(10);

    /// <summary>The options of the verb.</summary>
    public static OptionSet<AgentSettings> Definitions { get; } = new OptionSet<AgentSettings>()
        .Include(OfAgent(), s => s.Agent)
        .Include(LogOptions.Definitions, s => s.Log);

    /// <summary>The agent's own.</summary>
    public AgentOptions Agent { get; } = new();

    /// <summary>What is logged.</summary>
    public LogOptions Log { get; } = new();

    private static OptionSet<AgentOptions> OfAgent() => new OptionSet<AgentOptions>()
        .Add(
            "endpoints",
            OptionTypes.List(
                "endpoint,…", $"ID/ADDRESS[?SETTINGS] such as {EndpointSpecParser.Example}, orders/http://localhost:4000?health=/ready or db/tcp://localhost:5432",
                EndpointSpecParser.Parse, spec => spec.ToString()),
            o => o.Endpoints, (o, v) => o.Endpoints = v,
            "The endpoints to serve: ID/ADDRESS, where ADDRESS is a port on localhost, host:port, or that after http://, https://, h2c:// or tcp://. "
            + "Settings follow as in a URL: ?health=/ready&health-interval=5s, ?ca=ca.pem.")
        .Add(
            "endpoints-file", SharedOptions.File, o => o.EndpointsFile, (o, v) => o.EndpointsFile = v,
            "A YAML file with more endpoints. It is watched: changes take effect without a restart. It may be missing at first.")
        .Add(
            "pod-labels-file", SharedOptions.File, o => o.PodLabelsFile, (o, v) => o.PodLabelsFile = v,
            "A file with the pod's labels (Kubernetes' downward API), watched too. The endpoints file is then one that several pods share: of those of its endpoints that "
            + "have a selector, the agent serves those that select its pod.")
        .Rule("pod-labels-file", o => o.PodLabelsFile.Length > 0 && o.EndpointsFile.Length == 0 ? "nothing to select from; give --endpoints-file too" : null)
        .Rule("endpoints", o => o.Endpoints.Count == 0 && o.EndpointsFile.Length == 0 ? "nothing to serve; give --endpoints or --endpoints-file" : null)
        .Add(
            "server", OptionTypes.List(SharedOptions.Server), o => o.Servers, (o, v) => o.Servers = v,
            "The servers' upstream port. With several, each try to connect takes the next.")
        .Rule("server", o => o.Servers.Count == 0 ? "empty; give the upstream port of a server, such as ws://localhost:8001" : null)
        // In a pod it may come after the agent.
        .AddServerTls(o => o.ServerTls, (o, v) => o.ServerTls = v, o => o.Servers, caFile: SharedOptions.File)
        .AddHttpProxy(o => o.HttpProxy, (o, v) => o.HttpProxy = v)
        .AddToken(
            o => o.Token, (o, v) => o.Token = v, o => o.TokenFile, (o, v) => o.TokenFile = v, SharedOptions.File,
            "It may be missing at first, and is watched: when it has a new one, the tunnels are replaced by ones with that, and no request is lost.")
        .Add(
            "name", OptionTypes.Matching("name", "1 to 255 characters", t => t.Length is > 0 and <= 255), o => o.Name, (o, v) => o.Name = v,
            "A name for people, shown in the servers' status and logs.", defaultText: "the host name")
        .Add(
            "connections", OptionTypes.Number(1, 16), o => o.Connections, (o, v) => o.Connections = v,
            "How many tunnels to hold, to distinct nodes where there are as many.")
        .Add(
            "grace-period", OptionTypes.Duration(TimeSpan.Zero), o => o.GracePeriod, (o, v) => o.GracePeriod = v,
            "How long requests and streams in flight may take to finish when the agent stops, or an endpoint is removed.")
        .Add(
            "reconnect.min-delay", OptionTypes.Duration(Moment), o => o.ReconnectMinDelay, (o, v) => o.ReconnectMinDelay = v,
            "The bound of the random wait before a lost tunnel is tried again; it doubles with every failure.")
        .Add(
            "reconnect.max-delay", OptionTypes.Duration(Moment), o => o.ReconnectMaxDelay, (o, v) => o.ReconnectMaxDelay = v,
            "What that bound grows to.")
        .Rule("reconnect.max-delay", o => o.ReconnectMaxDelay < o.ReconnectMinDelay ? "less than reconnect.min-delay" : null)
        .Add(
            "server-connect-timeout", OptionTypes.Duration(Moment), o => o.ServerConnectTimeout, (o, v) => o.ServerConnectTimeout = v,
            "How long a connect to the server may take, for each of its addresses.")
        .Add(
            "service-connect-timeout", OptionTypes.Duration(Moment), o => o.ServiceConnectTimeout, (o, v) => o.ServiceConnectTimeout = v,
            "How long a connect to a service may take, over all of its addresses and with TLS.")
        .Add(
            "max-concurrent-connects", OptionTypes.Number(1, ushort.MaxValue), o => o.MaxConcurrentConnects, (o, v) => o.MaxConcurrentConnects = v,
            "How many connects to services may be under way at once; more wait their turn.")
        .Add(
            "bind-addr", OptionTypes.OptionalAddress, o => o.BindAddress, (o, v) => o.BindAddress = v,
            "Where the agent's own port listens, with /health, /ready, /metrics, /status and /drain. Without it there is none.")
        .Add(
            "drain-key", OptionTypes.Matching("key", "letters and digits, 16 or more", t => t.Length >= 16 && t.All(char.IsAsciiLetterOrDigit)),
            o => o.DrainKey, (o, v) => o.DrainKey = v,
            "Lets those who know it ask the agent from outside to drain, by GET /drain/KEY on its own port. On the same host /drain needs no key.", secret: true)
        .Add(
            "strict-readiness", OptionTypes.Switch, o => o.StrictReadiness, (o, v) => o.StrictReadiness = v,
            "While nothing is registered, /ready says no, however long that lasts. Otherwise it says yes from the first registration on, or after 30 s, until the agent drains.");
}
