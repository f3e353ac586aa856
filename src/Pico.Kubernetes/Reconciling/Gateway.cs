using k8s.Models;
using Pico.Kubernetes.Injecting;
using Pico.Kubernetes.Resources;

namespace Pico.Kubernetes.Reconciling;

/// <summary>What the controller keeps of an agent Deployment of its own.</summary>
/// <param name="Key">Where it stands.</param>
/// <param name="Uid">Its UID.</param>
/// <param name="OwnerUid">The UID of its PicoEndpoint; empty if it has none.</param>
/// <param name="Generation">Changes with its spec, whoever changes it.</param>
/// <param name="Trouble">Why it cannot make pods; empty if it can.</param>
internal sealed record GatewayState(ObjectKey Key, string Uid, string OwnerUid, long Generation, string Trouble)
{
    public static GatewayState Of(V1Deployment deployment) => new(
        ObjectKey.Of(deployment.Metadata),
        deployment.Metadata.Uid ?? "",
        (deployment.Metadata.OwnerReferences ?? []).FirstOrDefault(o => o.Kind == ResourceTypes.PicoEndpoints.Kind)?.Uid ?? "",
        deployment.Metadata.Generation ?? 0,
        (deployment.Status?.Conditions ?? []).FirstOrDefault(c => c is { Type: "ReplicaFailure", Status: "True" })?.Message ?? "");
}

/// <summary>Writes the agent Deployment and the ServiceAccount of a PicoEndpoint with a <c>serviceRef</c>: the same text for the same resource.</summary>
internal static class Gateway
{
    private const int MaxName = 63;
    private const int TerminationSeconds = 70; // the agent's grace period and what it needs around it

    /// <summary>The name of both. Long ones are cut and told apart by a hash.</summary>
    public static string NameFor(string endpointName)
    {
        var name = $"pico-agent-{endpointName.Replace('.', '-')}";
        return name.Length <= MaxName && !endpointName.Contains('.', StringComparison.Ordinal)
            ? name
            : $"{name[..Math.Min(name.Length, MaxName - 9)]}-{AgentConfigWriter.Hash(endpointName)[..8]}";
    }

    public static V1ServiceAccount ServiceAccount(PicoEndpoint endpoint) => new()
    {
        ApiVersion = ResourceTypes.ServiceAccounts.ApiVersion,
        Kind = ResourceTypes.ServiceAccounts.Kind,
        Metadata = Metadata(endpoint),
        AutomountServiceAccountToken = false,
    };

    /// <summary>The Deployment whose agents carry the endpoint to <paramref name="port"/> of the Service.</summary>
    public static V1Deployment Deployment(PicoEndpoint endpoint, int port, AgentTemplate template)
    {
        var selector = new Dictionary<string, string> { [PicoNames.EndpointUid] = endpoint.Metadata.Uid };
        return new V1Deployment
        {
            ApiVersion = ResourceTypes.Deployments.ApiVersion,
            Kind = ResourceTypes.Deployments.Kind,
            Metadata = Metadata(endpoint),
            Spec = new V1DeploymentSpec
            {
                Replicas = endpoint.Spec.Replicas ?? 1,
                Selector = new V1LabelSelector { MatchLabels = selector },
                RevisionHistoryLimit = 1,
                // Make before break.
                Strategy = new V1DeploymentStrategy
                {
                    Type = "RollingUpdate",
                    RollingUpdate = new V1RollingUpdateDeployment { MaxSurge = 1, MaxUnavailable = 0 },
                },
                Template = new V1PodTemplateSpec
                {
                    Metadata = new V1ObjectMeta { Labels = PodLabels(endpoint) },
                    Spec = Pod(endpoint, port, template, selector),
                },
            },
        };
    }

    private static V1PodSpec Pod(PicoEndpoint endpoint, int port, AgentTemplate template, Dictionary<string, string> selector)
    {
        var spec = endpoint.Spec;
        var options = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["endpoints"] = EndpointSettings.CommandLine(spec, $"{spec.ServiceRef!.Name}.{endpoint.Key.Namespace}.svc:{port}"),
            ["server"] = spec.Server ?? template.Server,
        };
        var settings = AgentSettings.Of(template) with
        {
            TokenSecret = spec.TokenSecretRef?.Name ?? "",
            TokenAudience = TokenAudience.Of(options["server"], template),
            ServerCa = spec.Server is null ? template.ServerCa : "",
        };
        return new V1PodSpec
        {
            ServiceAccountName = NameFor(endpoint.Key.Name),
            AutomountServiceAccountToken = false,
            EnableServiceLinks = false,
            ImagePullSecrets = template.ImagePullSecrets.Count == 0 ? null : [.. template.ImagePullSecrets.Select(s => new V1LocalObjectReference { Name = s })],
            TerminationGracePeriodSeconds = TerminationSeconds,
            SecurityContext = new V1PodSecurityContext { RunAsNonRoot = true, SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" } },
            Containers = [AgentContainer.Create(settings, options)],
            Volumes = [.. AgentContainer.Volumes(settings, template)],
            TopologySpreadConstraints =
            [
                new V1TopologySpreadConstraint
                {
                    MaxSkew = 1,
                    TopologyKey = "kubernetes.io/hostname",
                    WhenUnsatisfiable = "ScheduleAnyway",
                    LabelSelector = new V1LabelSelector { MatchLabels = selector },
                },
            ],
        };
    }

    private static V1ObjectMeta Metadata(PicoEndpoint endpoint) => new()
    {
        Name = NameFor(endpoint.Key.Name),
        NamespaceProperty = endpoint.Key.Namespace,
        Labels = Labels(endpoint),
        OwnerReferences =
        [
            new V1OwnerReference
            {
                ApiVersion = ResourceTypes.PicoEndpoints.ApiVersion,
                Kind = ResourceTypes.PicoEndpoints.Kind,
                Name = endpoint.Key.Name,
                Uid = endpoint.Metadata.Uid,
                Controller = true,
                BlockOwnerDeletion = false,
            },
        ],
    };

    private static Dictionary<string, string> Labels(PicoEndpoint endpoint) => new(StringComparer.Ordinal)
    {
        [PicoNames.ManagedBy] = PicoNames.Controller,
        ["app.kubernetes.io/name"] = PicoNames.AgentContainer,
        [PicoNames.EndpointUid] = endpoint.Metadata.Uid,
    };

    private static Dictionary<string, string> PodLabels(PicoEndpoint endpoint)
    {
        var labels = Labels(endpoint);
        labels[PicoNames.Agent] = PicoNames.Gateway;
        return labels;
    }
}
