using System.Globalization;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Pico.Kubernetes.Resources;

namespace Pico.Kubernetes.Injecting;

/// <summary>
/// Pod in, JSON Patch out: no clock, no API server. (1) Leave alone what does not ask, is settled or cannot be granted. (2) Read the annotations. (3) Add
/// the volumes: credential, the namespace's endpoints, the pod's labels. (4) Add the agent: a sidecar container where the API server has them, else one
/// container more. (5) Let the application's containers wait at their end until the agent has drained. (6) Mark the pod.
/// </summary>
/// <param name="template">What agents are like.</param>
/// <param name="policy">Which pods get one.</param>
/// <param name="rules">The agent's options.</param>
/// <param name="newKey">Makes a random key for each pod.</param>
internal sealed class PodInjector(AgentTemplate template, InjectionPolicy policy, AgentOptionRules rules, Func<string> newKey)
{
    private const string EndpointsVolume = "pico-endpoints";
    private const string PodVolume = "pico-pod";
    private const string EndpointsFolder = "/etc/pico/endpoints";
    private const string PodFolder = "/etc/pico/pod";
    private const string ApiTokenFolder = "/var/run/secrets/kubernetes.io/serviceaccount";
    private const string LabelsFile = "labels";
    private const string DefaultContainer = "kubectl.kubernetes.io/default-container";

    // All annotations of a pod together may have 256 KiB; what is wrong repeats what was given.
    private const int MaxProblems = 4096;

    // Until the kubelet ends what is left.
    private static readonly TimeSpan DefaultTermination = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Reserve = TimeSpan.FromSeconds(5);

    private readonly AnnotationReader _annotations = new(template, rules);

    /// <summary>What to do with a pod that is being created.</summary>
    public InjectionResult Inject(JsonObject document, string @namespace, ServerVersion version)
    {
        var pod = KubernetesJson.Deserialize<V1Pod>(document.ToJsonString());
        var wish = InjectionWish.Of(pod);
        if (!wish.Asks || InjectionPolicy.IsSettled(pod)) // 1.
            return InjectionResult.NotAsked;
        if (policy.Obstacle(@namespace, wish, (pod.Metadata.OwnerReferences ?? []).Any(o => o.Kind == "Job"), version) is { } obstacle)
            return new InjectionResult(InjectionOutcome.Skipped, null, [obstacle.Text], obstacle.Reason);

        var problems = new List<string>();
        var settings = _annotations.Read(pod.Metadata.Annotations ?? new Dictionary<string, string>(), problems); // 2.
        if (pod.Metadata.Annotations?.ContainsKey(PicoNames.Prefix + "port") != true)
            settings = settings with { Port = FreePort(pod, settings.Port) };

        var patch = new JsonPatch((JsonObject)document.DeepClone());
        AddVolumes(patch, settings); // 3.
        var key = newKey();
        AddAgent(patch, pod, settings, key, version.HasNativeSidecars); // 4.
        if (settings.HoldsStop)
            HoldStop(patch, pod, settings.Port, key); // 5.
        Mark(patch, pod, problems); // 6.
        return new InjectionResult(InjectionOutcome.Injected, patch.Operations, problems);
    }

    private void AddVolumes(JsonPatch patch, AgentSettings settings)
    {
        foreach (var volume in AgentContainer.Volumes(settings, template))
            patch.AddItem(["spec", "volumes"], volume);
        patch.AddItem(["spec", "volumes"], new V1Volume
        {
            Name = EndpointsVolume,
            ConfigMap = new V1ConfigMapVolumeSource { Name = PicoNames.ConfigMap, Optional = true },
        });
        patch.AddItem(["spec", "volumes"], new V1Volume
        {
            Name = PodVolume,
            DownwardAPI = new V1DownwardAPIVolumeSource
            {
                Items = [new V1DownwardAPIVolumeFile { Path = LabelsFile, FieldRef = new V1ObjectFieldSelector { FieldPath = "metadata.labels" } }],
            },
        });
    }

    private static void AddAgent(JsonPatch patch, V1Pod pod, AgentSettings settings, string key, bool isNative)
    {
        var termination = pod.Spec.TerminationGracePeriodSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : DefaultTermination;
        var grace = TimeSpan.FromSeconds(Math.Max(1, (termination - Reserve).TotalSeconds));
        var options = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["endpoints-file"] = $"{EndpointsFolder}/{PicoNames.ConfigMapKey}",
            ["pod-labels-file"] = $"{PodFolder}/{LabelsFile}",
            ["drain-key"] = key,
        };
        if (!settings.Options.ContainsKey("grace-period"))
            options["grace-period"] = string.Create(CultureInfo.InvariantCulture, $"{(int)grace.TotalSeconds}s");
        var agent = AgentContainer.Create(settings, options);
        agent.VolumeMounts.Add(new V1VolumeMount { Name = EndpointsVolume, MountPath = EndpointsFolder, ReadOnlyProperty = true });
        agent.VolumeMounts.Add(new V1VolumeMount { Name = PodVolume, MountPath = PodFolder, ReadOnlyProperty = true });
        // Kubernetes puts the pod's token for its API into every container that has nothing at this path. The agent needs none.
        agent.VolumeMounts.Add(new V1VolumeMount { Name = PodVolume, MountPath = ApiTokenFolder, ReadOnlyProperty = true });
        if (isNative)
            agent.RestartPolicy = "Always";
        patch.AddItem(isNative ? ["spec", "initContainers"] : ["spec", "containers"], agent);
    }

    /// <summary>
    /// The kubelet asks the agent, at its port, to drain, and ends a container only when that is answered. A container with a hook of its own keeps that.
    /// </summary>
    private static void HoldStop(JsonPatch patch, V1Pod pod, int port, string key)
    {
        var hook = JsonNode.Parse(KubernetesJson.Serialize(new V1LifecycleHandler { HttpGet = new V1HTTPGetAction { Path = $"/drain/{key}", Port = port } }))!;
        for (var i = 0; i < pod.Spec.Containers.Count; i++)
            patch.AddMember(["spec", "containers", i.ToString(CultureInfo.InvariantCulture), "lifecycle"], "preStop", hook);
    }

    private static void Mark(JsonPatch patch, V1Pod pod, List<string> problems)
    {
        patch.AddMember(["metadata", "labels"], PicoNames.Agent, PicoNames.Sidecar);
        patch.AddMember(["metadata", "annotations"], DefaultContainer, pod.Spec.Containers[0].Name);
        if (problems.Count == 0)
            return;
        var all = string.Join("; ", problems);
        patch.AddMember(["metadata", "annotations"], PicoNames.Problems, all.Length > MaxProblems ? all[..MaxProblems] + " …" : all);
    }

    private static int FreePort(V1Pod pod, int port)
    {
        var taken = pod.Spec.Containers.Concat(pod.Spec.InitContainers ?? []).SelectMany(c => c.Ports ?? []).Select(p => p.ContainerPort).ToHashSet();
        while (taken.Contains(port) && port < ushort.MaxValue)
            port++;
        return port;
    }
}
