using Pico.Agent.Commands.Logs;
using Pico.Configuration.Definitions;
using Pico.Configuration.Types;
using Pico.Server.Hosting;

namespace Pico.Cli.Settings;

/// <summary>Everything that can be set on <c>pico server</c>.</summary>
internal sealed class ServerSettings
{
    public static OptionSet<ServerSettings> Definitions { get; } = new OptionSet<ServerSettings>()
        .Include(ProxySettings.Definitions, s => s.Server.Proxy)
        .Include(PortTlsSettings.Definitions("proxy.tls"), s => s.Server.Proxy.Tls)
        .Include(TokenAuthSettings.Definitions("proxy.auth", "clients"), s => s.Server.Proxy.Auth)
        .Include(AccessLogSettings.Definitions, s => s.Server.Proxy.AccessLog)
        .Include(LimitSettings.OfProxy, s => s.Server.Proxy.Limits)
        .Include(OfUpstream(), s => s.Server.Upstream)
        .Include(LimitSettings.OfUpstream, s => s.Server.Upstream.Limits)
        .Include(PortTlsSettings.Definitions("upstream.tls"), s => s.Server.Upstream.Tls)
        .Include(TokenAuthSettings.Definitions("upstream.auth", "agents"), s => s.Server.Upstream.Auth)
        .Include(IssuerSettings.Definitions, s => s.Server.Upstream)
        .Include(OfAdmin(), s => s.Server.Admin)
        .Include(PortTlsSettings.Definitions("admin.tls", " Probes of /health and /ready need none."), s => s.Server.Admin.Tls)
        .Include(TokenAuthSettings.Definitions("admin.auth", "operators"), s => s.Server.Admin.Auth)
        .Include(ClusterSettings.Definitions, s => s.Server.Cluster)
        .Include(KubernetesSettings.Definitions, s => s.Kubernetes)
        .Include(OfServer(), s => s.Server)
        .Include(LogOptions.Definitions, s => s.Log);

    public ServerOptions Server { get; } = new();

    public KubernetesSettings Kubernetes { get; } = new();

    public LogOptions Log { get; } = new();

    private static OptionSet<UpstreamOptions> OfUpstream() => new OptionSet<UpstreamOptions>()
        .Add(
            "upstream.bind-addr", OptionTypes.Address, o => o.BindAddress, (o, v) => o.BindAddress = v,
            "Where agents connect. Reachable for agents, and for them only.")
        .Add(
            "upstream.max-tunnels", OptionTypes.Number(0, int.MaxValue), o => o.MaxTunnels, (o, v) => o.MaxTunnels = v,
            "How many tunnels may be open; further agents are sent elsewhere. 0: no limit.");

    private static OptionSet<AdminOptions> OfAdmin() => new OptionSet<AdminOptions>()
        .Add(
            "admin.bind-addr", OptionTypes.Address, o => o.BindAddress, (o, v) => o.BindAddress = v,
            "Where /health, /ready, /metrics, /status and /drain are served. For operators only.");

    private static OptionSet<ServerOptions> OfServer() => new OptionSet<ServerOptions>()
        .Add(
            "node-id", OptionTypes.Matching("name", "at most 128 bytes without control characters", _ => true), o => o.NodeId, (o, v) => o.NodeId = v,
            "The node's ID, unique in the cluster; in Kubernetes the pod's name.", defaultText: "the host name and a random suffix")
        .Add(
            "grace-period", OptionTypes.Duration(TimeSpan.Zero), o => o.GracePeriod, (o, v) => o.GracePeriod = v,
            "How long requests and streams in flight may take to finish when the server stops.")
        .Add(
            "drain-delay", OptionTypes.Duration(TimeSpan.Zero), o => o.DrainDelay, (o, v) => o.DrainDelay = v,
            "How long a stopping server still accepts connections, while /ready says no, until load balancers have noticed; up to three times as long while clients still come. Part of the grace period.")
        .Rules(o => ServerOptionsValidator.Validate(o).Select(e => (e.Key, $"'{e.Value}' is not allowed; allowed: {e.Allowed}")));
}
