using Pico.Server.Cluster;
using Pico.Server.Observing.Tracing;

namespace Pico.Server.Hosting;

/// <summary>Everything that can be set on a server. One object, bound by the command line (docs/configuration.md).</summary>
public sealed class ServerOptions
{
    /// <summary>The proxy port: requests from clients.</summary>
    public ProxyOptions Proxy { get; set; } = new();

    /// <summary>The upstream port: agents.</summary>
    public UpstreamOptions Upstream { get; set; } = new();

    /// <summary>The admin port.</summary>
    public AdminOptions Admin { get; set; } = new();

    /// <summary>The cluster, if the node takes part in one.</summary>
    public ClusterOptions Cluster { get; set; } = new();

    /// <summary>Traces. Default: none.</summary>
    public TracingOptions Tracing { get; set; } = new();

    /// <summary>The node's ID; in Kubernetes the pod's name. Default: the host name with a random suffix.</summary>
    public string NodeId { get; set; } = "";

    /// <summary>How long a stopping server lets running requests and streams finish. Default 1 minute.</summary>
    public TimeSpan GracePeriod { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long a stopping server still accepts connections, while <c>/ready</c> says no: until load balancers have noticed; up to three times as long, or a third of
    /// the grace period, while clients still come. Part of <see cref="GracePeriod"/>. Default 1 s.
    /// </summary>
    public TimeSpan DrainDelay { get; set; } = TimeSpan.FromSeconds(1);
}
