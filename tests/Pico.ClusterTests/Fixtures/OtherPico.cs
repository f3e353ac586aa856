using System.Text.Json;
using System.Text.Json.Nodes;
using Pico.ClusterTests.Load;
using Pico.IntegrationTests.Fixtures;
using Pico.Tests;

namespace Pico.ClusterTests.Fixtures;

/// <summary>
/// A second Pico, as if it were elsewhere: servers only, which know this cluster's ServiceAccounts by a set of keys in a ConfigMap, and speak TLS with agents by an authority of their own. An agent with a
/// token that lives for ten minutes serves there, and requests go to it from the beginning on, beside whatever else is tested.
/// </summary>
internal sealed class OtherPico : IAsyncDisposable
{
    /// <summary>Where the authority's certificate is, for the annotation <c>pico.dev/server-ca</c>.</summary>
    public const string Authority = "configmap/other-ca";

    private const string Release = "other";
    private const string Agent = "rotating";
    private const int RequestsPerSecond = 10;
    private const int AdminPort = 8003;

    private readonly PicoRelease _pico;
    private readonly List<PodPort> _admins = [];

    private OtherPico(PicoRelease pico, TestNamespace scene) => (_pico, Scene) = (pico, scene);

    /// <summary>The namespace of all of it.</summary>
    public TestNamespace Scene { get; }

    /// <summary>The host of the upstream port.</summary>
    public string Host => $"{Release}-upstream.{Scene.Name}.svc";

    /// <summary>The upstream port, as agents are told.</summary>
    public string Server => $"wss://{Host}:8001";

    /// <summary>The proxy port.</summary>
    public string Proxy => $"{Release}-proxy.{Scene.Name}.svc.cluster.local:8000";

    /// <summary>The requests to the agent whose token is renewed.</summary>
    public LoadRun Load { get; private set; } = null!;

    /// <summary>When the token expires that the agent came with.</summary>
    public DateTimeOffset FirstExpiry { get; private set; }

    public static async Task<OtherPico> StartAsync(PicoRelease pico)
    {
        var other = new OtherPico(pico, await pico.CreateNamespaceAsync());
        await other.InstallAsync();
        await other.Scene.ApplyAsync(other.AgentWithAShortToken());
        await other.Scene.Kubectl.RunAsync("rollout", "status", $"deployment/{Agent}", "--namespace", other.Scene.Name, "--timeout=120s");
        other.Load = await (await pico.LoadAsync()).Client.BeginAsync(other.Scene.Endpoint(Agent), RequestsPerSecond, other.Proxy);
        var expiries = await other.ExpiriesAsync();
        Assert.NotEmpty(expiries);
        other.FirstExpiry = expiries.Max();
        return other;
    }

    /// <summary>When the tokens of the agent's tunnels expire, but for tunnels that are being left.</summary>
    public async Task<IReadOnlyList<DateTimeOffset>> ExpiriesAsync() =>
    [
        .. from status in await StatusAsync()
           from tunnel in status["tunnels"]!.AsArray()
           where tunnel["agentName"]!.GetValue<string>() == Agent && tunnel["state"]!.GetValue<string>() == "open"
           select tunnel["tokenExpiresAt"]!.GetValue<DateTimeOffset>(),
    ];

    /// <summary>What each server knows.</summary>
    public Task<JsonNode[]> StatusAsync() => Task.WhenAll(_admins.Select(async admin => JsonNode.Parse(await admin.Http.GetStringAsync("/status"))!));

    public async ValueTask DisposeAsync()
    {
        await Load.DisposeAsync();
        foreach (var admin in _admins)
            await admin.DisposeAsync();
        (await _pico.HelmAsync("uninstall", Release, "--namespace", Scene.Name)).Succeeded();
        await Scene.DisposeAsync();
    }

    private async Task InstallAsync()
    {
        using var folder = new TempFolder();
        var authority = await CertificateAuthority.MakeAsync(folder, "other-ca");
        var certificate = await authority.IssueAsync(Host);
        var keys = folder.Write("jwks.json", await Scene.Kubectl.RunAsync("get", "--raw", "/openid/v1/jwks"));
        await Scene.Kubectl.RunAsync("create", "configmap", "other-keys", $"--from-file=jwks.json={keys}", "--namespace", Scene.Name);
        await Scene.Kubectl.RunAsync("create", "configmap", "other-ca", $"--from-file=ca.crt={authority.File}", "--namespace", Scene.Name);
        await Scene.Kubectl.RunAsync("create", "secret", "tls", "other-tls", $"--cert={certificate.Certificate}", $"--key={certificate.Key}", "--namespace", Scene.Name);
        var values = folder.Write("values.json", JsonSerializer.Serialize(new
        {
            fullnameOverride = Release,
            controller = new { enabled = false },
            crd = new { install = false },
            server = new { replicas = 2, tls = new { upstreamSecret = "other-tls" } },
            auth = new
            {
                serviceAccounts = new { enabled = false },
                issuers = new[] { new { name = "here", configMap = "other-keys", audience = Host, namespaces = new Dictionary<string, string[]> { [Scene.Name] = [Scene.Endpoint(Agent), "open-*"] } } },
            },
        }));
        (await _pico.HelmAsync(
        [
            "install", Release, Path.Combine(Repository.Root, "charts", "pico"), "--namespace", Scene.Name, "--values", values, "--wait", "--timeout", "120s",
            .. Images.ChartValues.SelectMany(v => (string[])["--set", v]),
        ])).Succeeded();
        foreach (var pod in await Scene.Kubectl.ListAsync(Scene.Name, PicoRelease.ServerPods))
            _admins.Add(await PodPort.ForwardAsync(Scene.Kubectl, Scene.Name, $"pod/{pod["metadata"]!["name"]!.GetValue<string>()}", AdminPort));
    }

    // The shortest life that the API server gives a token. The kubelet renews it when four fifths of that are over.
    private string AgentWithAShortToken() =>
        $$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: {{Agent}}}
        spec:
          replicas: 1
          selector: {matchLabels: {app: {{Agent}} } }
          template:
            metadata:
              labels: {app: {{Agent}} }
            spec:
              {{Manifests.Container.ReplaceLineEndings("\n      ")}}
                - name: pico-agent
                  image: {{Images.Agent}}
                  imagePullPolicy: IfNotPresent
                  args:
                    - agent
                    - --name={{Agent}}
                    - --server={{Server}}
                    - --server-tls.ca-file=/etc/pico/server-ca/ca.crt
                    - --endpoints={{Scene.Endpoint(Agent)}}/8080
                    - --token-file=/var/run/secrets/pico/token
                    - --bind-addr=:8004
                  readinessProbe: {httpGet: {path: /ready, port: 8004}, periodSeconds: 1, timeoutSeconds: 5}
                  volumeMounts:
                    - {name: token, mountPath: /var/run/secrets/pico, readOnly: true}
                    - {name: ca, mountPath: /etc/pico/server-ca, readOnly: true}
              volumes:
                - {name: ca, configMap: {name: other-ca} }
                - name: token
                  projected:
                    sources: [{serviceAccountToken: {audience: {{Host}}, path: token, expirationSeconds: 600} }]
        """;
}
