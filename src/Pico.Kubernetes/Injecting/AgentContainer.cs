using System.Globalization;
using k8s.Models;
using Pico.Kubernetes.Resources;

namespace Pico.Kubernetes.Injecting;

/// <summary>The agent's container and the credential's volume, the same beside a pod and alone. They satisfy the restricted Pod Security Standard.</summary>
internal static class AgentContainer
{
    public const string TokenVolume = "pico-token";
    private const string TokenFolder = "/var/run/secrets/pico";
    private const string TokenFile = "token";
    private const string PortName = "pico-agent";

    /// <summary>Makes it; <paramref name="options"/> are the agent's options by name, with which the pod's own are joined.</summary>
    public static V1Container Create(AgentSettings settings, IEnumerable<KeyValuePair<string, string>> options)
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["bind-addr"] = string.Create(CultureInfo.InvariantCulture, $":{settings.Port}"),
            ["token-file"] = $"{TokenFolder}/{TokenFile}",
        };
        foreach (var (name, value) in settings.Options.Concat(options))
            all[name] = value;
        List<V1VolumeMount> mounts = [new V1VolumeMount { Name = TokenVolume, MountPath = TokenFolder, ReadOnlyProperty = true }];
        if (settings.ServerCa.Length > 0)
        {
            all["server-tls.ca-file"] = ServerAuthorities.File;
            mounts.Add(ServerAuthorities.Mount());
        }

        var environment = all.Select(o => new V1EnvVar { Name = AgentOptionRules.Variable(o.Key), Value = Literal(o.Value) }).ToList();
        if (!all.ContainsKey("name"))
            environment.Add(new V1EnvVar { Name = AgentOptionRules.Variable("name"), ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { FieldPath = "metadata.name" } } });
        return new V1Container
        {
            Name = PicoNames.AgentContainer,
            Image = settings.Image,
            ImagePullPolicy = settings.ImagePullPolicy,
            Args = ["agent"],
            Env = environment,
            Ports = [new V1ContainerPort { Name = PortName, ContainerPort = settings.Port, Protocol = "TCP" }],
            Resources = Resources(settings),
            SecurityContext = Security(settings.RunAsUser),
            VolumeMounts = mounts,
            // Up as soon as the process is; alive as long as it answers; ready as the agent says (latched, see the agent's readiness).
            StartupProbe = Probe("/health", settings.Port, period: 1, failures: 60),
            LivenessProbe = Probe("/health", settings.Port, period: 10, failures: 3),
            ReadinessProbe = Probe("/ready", settings.Port, period: 5, failures: 1),
            Lifecycle = new V1Lifecycle { PreStop = new V1LifecycleHandler { Exec = new V1ExecAction { Command = ["pico-agent", "drain"] } } },
        };
    }

    /// <summary>The volumes that every agent has: its credential, and whom it trusts.</summary>
    public static IEnumerable<V1Volume> Volumes(AgentSettings settings, AgentTemplate template)
    {
        yield return Token(settings, template.TokenLifetime);
        if (settings.ServerCa.Length > 0)
            yield return ServerAuthorities.Volume(settings.ServerCa);
    }

    /// <summary>The credential: a token of the ServiceAccount for its server alone, renewed by the kubelet, or a Secret, which may be missing at first.</summary>
    private static V1Volume Token(AgentSettings settings, TimeSpan lifetime) => new()
    {
        Name = TokenVolume,
        Secret = settings.TokenSecret.Length == 0 ? null : new V1SecretVolumeSource
        {
            SecretName = settings.TokenSecret,
            Optional = true,
            Items = [new V1KeyToPath { Key = PicoNames.TokenKey, Path = TokenFile }],
        },
        Projected = settings.TokenSecret.Length > 0 ? null : new V1ProjectedVolumeSource
        {
            Sources =
            [
                new V1VolumeProjection
                {
                    ServiceAccountToken = new V1ServiceAccountTokenProjection
                    {
                        Audience = settings.TokenAudience,
                        ExpirationSeconds = (long)lifetime.TotalSeconds,
                        Path = TokenFile,
                    },
                },
            ],
        },
    };

    // $(NAME) in a value would be replaced by Kubernetes.
    private static string Literal(string value) => value.Replace("$(", "$$(", StringComparison.Ordinal);

    private static V1Probe Probe(string path, int port, int period, int failures) => new()
    {
        HttpGet = new V1HTTPGetAction { Path = path, Port = port },
        PeriodSeconds = period,
        TimeoutSeconds = 5,
        FailureThreshold = failures,
    };

    private static V1SecurityContext Security(int user) => new()
    {
        AllowPrivilegeEscalation = false,
        ReadOnlyRootFilesystem = true,
        RunAsNonRoot = true,
        RunAsUser = user == 0 ? null : user,
        RunAsGroup = user == 0 ? null : user,
        Capabilities = new V1Capabilities { Drop = ["ALL"] },
        SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" },
    };

    private static V1ResourceRequirements Resources(AgentSettings settings)
    {
        return new V1ResourceRequirements
        {
            Requests = Quantities(settings.CpuRequest, settings.MemoryRequest),
            Limits = Quantities(settings.CpuLimit, settings.MemoryLimit),
        };

        static Dictionary<string, ResourceQuantity>? Quantities(string cpu, string memory)
        {
            var quantities = new Dictionary<string, ResourceQuantity>(StringComparer.Ordinal);
            if (cpu.Length > 0)
                quantities["cpu"] = new ResourceQuantity(cpu);
            if (memory.Length > 0)
                quantities["memory"] = new ResourceQuantity(memory);
            return quantities.Count > 0 ? quantities : null;
        }
    }
}
