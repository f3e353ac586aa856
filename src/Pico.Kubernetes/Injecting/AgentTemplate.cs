namespace Pico.Kubernetes.Injecting;

/// <summary>What the agents are like that the controller and the injector make, unless a pod's annotations say otherwise.</summary>
public sealed class AgentTemplate
{
    /// <summary>The agent's image. Default <c>pico-agent:dev</c>.</summary>
    public string Image { get; set; } = "pico-agent:dev";

    /// <summary><c>Always</c>, <c>IfNotPresent</c> or <c>Never</c>. Default <c>IfNotPresent</c>.</summary>
    public string ImagePullPolicy { get; set; } = "IfNotPresent";

    /// <summary>Secrets for pulling it, for agents that stand alone (serviceRef), in the namespace of each; beside a pod it uses the pod's. Default: none.</summary>
    public IReadOnlyList<string> ImagePullSecrets { get; set; } = [];

    /// <summary>The servers' upstream port. Default <c>ws://pico-upstream.pico.svc:8001</c>.</summary>
    public string Server { get; set; } = "ws://pico-upstream.pico.svc:8001";

    /// <summary>
    /// Whom agents trust for <c>wss://</c> servers (<see cref="ServerAuthorities"/>): <c>configmap/NAME</c> or <c>secret/NAME</c> of the agent's own namespace. Empty, the
    /// default: the system's authorities. It is for <see cref="Server"/> only: who names another server names its authorities too.
    /// </summary>
    public string ServerCa { get; set; } = "";

    /// <summary>The audience of the projected ServiceAccount token. Default <c>pico</c>.</summary>
    public string TokenAudience { get; set; } = "pico";

    /// <summary>How long such a token is valid, 10 minutes or more; the kubelet renews it at four fifths of that. Default 1 h.</summary>
    public TimeSpan TokenLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The agent's own port, 1024 to 65,535: probes, metrics, drain. Default 8004, or the next that the pod's containers do not name.</summary>
    public int Port { get; set; } = 8004;

    /// <summary>The agent's user ID; 0: the image's, or what the platform gives. Default 1654, the user of .NET's images.</summary>
    public int RunAsUser { get; set; } = 1654;

    /// <summary>What is requested for it; empty: nothing. Default 10m.</summary>
    public string CpuRequest { get; set; } = "10m";

    /// <summary>The most it may use; empty: no limit, the default.</summary>
    public string CpuLimit { get; set; } = "";

    /// <summary>What is requested for it; empty: nothing. Default 32Mi.</summary>
    public string MemoryRequest { get; set; } = "32Mi";

    /// <summary>The most it may use; empty: no limit. Default 128Mi.</summary>
    public string MemoryLimit { get; set; } = "128Mi";
}
