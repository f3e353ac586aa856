using Pico.Agent.Commands;
using Pico.Agent.Commands.Logs;
using Pico.Configuration.Definitions;
using Pico.Configuration.Types;
using Pico.Kubernetes;
using Pico.Kubernetes.Injecting;
using Pico.Kubernetes.Leading;

namespace Pico.Cli.Settings;

/// <summary>Everything that can be set on <c>pico controller</c>.</summary>
internal sealed class ControllerSettings
{
    private const int MaxWorkers = 64;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    internal static readonly OptionType<string> Name = OptionTypes.Matching(
        "name", "a name in Kubernetes: lower-case letters, digits, '-' and '.'",
        t => t.Length is > 0 and <= 253 && t.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.'));

    private static readonly OptionType<string> OptionalQuantity =
        OptionTypes.Matching("quantity", Quantity.Rule + ", or '' for none", t => t.Length == 0 || Quantity.IsValid(t));

    public static OptionSet<ControllerSettings> Definitions { get; } = new OptionSet<ControllerSettings>()
        .Include(OfCluster(), s => s.Controller)
        .Include(OfController(), s => s.Controller)
        .Include(OfAgent(), s => s.Controller.Agent)
        .Include(OfWebhook(), s => s.Controller.Webhook)
        .Include(OfLeadership(), s => s.Controller.Leadership)
        .Rules(s => ControllerOptionsRules.Check(s.Controller))
        .Include(LogOptions.Definitions, s => s.Log);

    public ControllerOptions Controller { get; } = new();

    public LogOptions Log { get; } = new();

    /// <summary>Which part of which cluster.</summary>
    public static OptionSet<ControllerOptions> OfCluster() => new OptionSet<ControllerOptions>()
        .Add(
            "namespace", OptionTypes.Matching("name", "a namespace", t => t.Length > 0), o => o.Namespace, (o, v) => o.Namespace = v,
            "The controller's own namespace, where its Lease and its Secret are.", defaultText: "that of the pod, or of the kubeconfig's context")
        .Add(
            "watch-namespaces", OptionTypes.List(Name), o => o.WatchNamespaces, (o, v) => o.WatchNamespaces = v,
            "The namespaces to look after; Roles in them are enough then.", defaultText: "all")
        .Add(
            "kube-config", OptionTypes.ExistingFile, o => o.KubeConfigFile, (o, v) => o.KubeConfigFile = v,
            "A kubeconfig file. Without it: the pod's ServiceAccount, else $KUBECONFIG or ~/.kube/config.");

    /// <summary>The controller's Lease.</summary>
    public static OptionSet<LeadershipOptions> OfLease() => new OptionSet<LeadershipOptions>()
        .Add("leadership.lease-name", Name, o => o.LeaseName, (o, v) => o.LeaseName = v, "The Lease by which one of several controllers leads.");

    /// <summary>The controller's Secret.</summary>
    public static OptionSet<WebhookOptions> OfSecret() => new OptionSet<WebhookOptions>()
        .Add("webhook.secret-name", Name, o => o.SecretName, (o, v) => o.SecretName = v, "The Secret of the certificate that the controller makes.");

    private static OptionSet<ControllerOptions> OfController() => new OptionSet<ControllerOptions>()
        .Add(
            "bind-addr", OptionTypes.Address, o => o.BindAddress, (o, v) => o.BindAddress = v,
            "Where /health, /ready and /metrics are served.")
        .Add(
            "workers", OptionTypes.Number(1, MaxWorkers), o => o.Workers, (o, v) => o.Workers = v,
            "How many objects are reconciled at a time.")
        .Add(
            "touch-pods", OptionTypes.Switch, o => o.TouchPods, (o, v) => o.TouchPods = v,
            "Change an annotation of the pods concerned when their endpoints change, so that their agents know at once. Needs the permission to patch pods; without it "
            + "the kubelet takes a minute or two.")
        .Add(
            "url-template", OptionTypes.Matching("url", "a URL with {endpoint} in it", t => t.Length > 0), o => o.UrlTemplate, (o, v) => o.UrlTemplate = v,
            "What the status of a PicoEndpoint says as its URL; {endpoint} stands for the endpoint ID.");

    private static OptionSet<AgentTemplate> OfAgent() => new OptionSet<AgentTemplate>()
        .Add(
            "agent.image", OptionTypes.Matching("image", "a container image", t => t.Length > 0 && !t.Any(char.IsWhiteSpace)), o => o.Image, (o, v) => o.Image = v,
            "The agents' image.")
        .Add(
            "agent.image-pull-policy", OptionTypes.Choice(("Always", "Always"), ("IfNotPresent", "IfNotPresent"), ("Never", "Never")),
            o => o.ImagePullPolicy, (o, v) => o.ImagePullPolicy = v, "When nodes pull it.")
        .Add(
            "agent.image-pull-secrets", OptionTypes.List(Name), o => o.ImagePullSecrets, (o, v) => o.ImagePullSecrets = v,
            "Secrets for pulling it, in the namespaces of PicoEndpoints with a serviceRef. An agent beside a pod uses the pod's.")
        .Add(
            "agent.server", OptionTypes.Matching("url", "URLs as for the agent's option server", t => AgentSettings.Definitions.Check("server", t) is null),
            o => o.Server, (o, v) => o.Server = v, "The servers' upstream port.")
        .Add(
            "agent.server-ca", OptionTypes.Matching("source", ServerAuthorities.Rule, ServerAuthorities.IsValid), o => o.ServerCa, (o, v) => o.ServerCa = v,
            "Whom agents trust for wss:// servers, in the namespace of each agent. It may come later, and change.", defaultText: "the system's authorities")
        .Add(
            "agent.token-audience", OptionTypes.Matching("text", "the audience that servers expect", t => t.Length > 0), o => o.TokenAudience, (o, v) => o.TokenAudience = v,
            "The audience of the ServiceAccount tokens by which agents say who they are.")
        .Add(
            "agent.token-lifetime", OptionTypes.Duration(TimeSpan.FromMinutes(10), TimeSpan.FromDays(1)), o => o.TokenLifetime, (o, v) => o.TokenLifetime = v,
            "How long such a token is valid; it is renewed in time.")
        .Add(
            "agent.port", OptionTypes.Number(1024, ushort.MaxValue), o => o.Port, (o, v) => o.Port = v,
            "The agents' own port. Where a container of the pod names it, the next one is taken.")
        .Add(
            "agent.run-as-user", OptionTypes.Number(0, int.MaxValue), o => o.RunAsUser, (o, v) => o.RunAsUser = v,
            "The agents' user ID. 0: the image's, or what the platform gives.")
        .Add("agent.cpu-request", OptionalQuantity, o => o.CpuRequest, (o, v) => o.CpuRequest = v, "The CPU that an agent requests.")
        .Add("agent.cpu-limit", OptionalQuantity, o => o.CpuLimit, (o, v) => o.CpuLimit = v, "The CPU that an agent may use.")
        .Add("agent.memory-request", OptionalQuantity, o => o.MemoryRequest, (o, v) => o.MemoryRequest = v, "The memory that an agent requests.")
        .Add("agent.memory-limit", OptionalQuantity, o => o.MemoryLimit, (o, v) => o.MemoryLimit = v, "The memory that an agent may use.");

    private static OptionSet<WebhookOptions> OfWebhook() => new OptionSet<WebhookOptions>()
        .Add(
            "webhook.bind-addr", OptionTypes.OptionalAddress, o => o.BindAddress, (o, v) => o.BindAddress = v,
            "Where the webhook that adds agents to pods is served, by HTTPS.")
        .Add(
            "webhook.certificate-file", SharedOptions.File, o => o.CertificateFile, (o, v) => o.CertificateFile = v,
            "The webhook's certificate chain (PEM). Read again when it changes. Without it the controller makes and rotates its own.")
        .Add("webhook.key-file", SharedOptions.File, o => o.KeyFile, (o, v) => o.KeyFile = v, "The private key (PEM) of that certificate.")
        .Include(OfSecret(), o => o)
        .Add("webhook.service-name", Name, o => o.ServiceName, (o, v) => o.ServiceName = v, "The Service through which the API server calls the webhook.")
        .Add(
            "webhook.configuration-name", Name, o => o.ConfigurationName, (o, v) => o.ConfigurationName = v,
            "The MutatingWebhookConfiguration that is told whom to trust.")
        .Add(
            "webhook.certificate-lifetime", OptionTypes.Duration(TimeSpan.FromMinutes(1), TimeSpan.FromDays(3650)), o => o.CertificateLifetime,
            (o, v) => o.CertificateLifetime = v, "How long a certificate of the controller's is valid; it is renewed at two thirds of that.")
        .Add(
            "webhook.drain-delay", OptionTypes.Duration(TimeSpan.Zero, TimeSpan.FromSeconds(20)), o => o.DrainDelay, (o, v) => o.DrainDelay = v,
            "How long the webhook of a stopping controller still answers, until the API server has noticed: a pod that it is asked about after would start without its agent.")
        .Add(
            "webhook.excluded-namespaces", OptionTypes.List(Name), o => o.ExcludedNamespaces, (o, v) => o.ExcludedNamespaces = v,
            "Namespaces whose pods never get an agent, beside kube-system.");

    private static OptionSet<LeadershipOptions> OfLeadership() => OfLease()
        .Add(
            "leadership.lease-duration", OptionTypes.Duration(Second), o => o.LeaseDuration, (o, v) => o.LeaseDuration = v,
            "After so long without a sign of the leader, another takes over.")
        .Add(
            "leadership.renew-deadline", OptionTypes.Duration(Second), o => o.RenewDeadline, (o, v) => o.RenewDeadline = v,
            "A leader that could not renew its lease for so long stops its work.")
        .Add(
            "leadership.retry-period", OptionTypes.Duration(TimeSpan.FromMilliseconds(100)), o => o.RetryPeriod, (o, v) => o.RetryPeriod = v,
            "From one try to renew or to take over to the next.");
}
