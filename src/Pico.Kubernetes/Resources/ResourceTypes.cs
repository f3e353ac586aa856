using k8s.Models;

namespace Pico.Kubernetes.Resources;

/// <summary>Every kind that Pico reads or writes; docs/kubernetes.md says which permission each needs.</summary>
internal static class ResourceTypes
{
    public static readonly ResourceType<PicoEndpoint> PicoEndpoints = new("pico.dev", "v1alpha1", "picoendpoints", "PicoEndpoint");
    public static readonly ResourceType<V1Pod> Pods = new("", "v1", "pods", "Pod");
    public static readonly ResourceType<V1Service> Services = new("", "v1", "services", "Service");
    public static readonly ResourceType<V1ConfigMap> ConfigMaps = new("", "v1", "configmaps", "ConfigMap");
    public static readonly ResourceType<V1Secret> Secrets = new("", "v1", "secrets", "Secret");
    public static readonly ResourceType<V1ServiceAccount> ServiceAccounts = new("", "v1", "serviceaccounts", "ServiceAccount");
    public static readonly ResourceType<V1Node> Nodes = new("", "v1", "nodes", "Node");
    public static readonly ResourceType<Corev1Event> Events = new("", "v1", "events", "Event");
    public static readonly ResourceType<V1Deployment> Deployments = new("apps", "v1", "deployments", "Deployment");
    public static readonly ResourceType<V1Lease> Leases = new("coordination.k8s.io", "v1", "leases", "Lease");

    public static readonly ResourceType<V1MutatingWebhookConfiguration> MutatingWebhooks =
        new("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration");
}
