using Pico.Agent.Endpoints;
using Pico.Kubernetes.Reconciling;
using Pico.Tests.Kubernetes;

namespace Pico.Tests.Agent;

/// <summary>An endpoints file that several pods share, of which each takes what selects it.</summary>
public sealed class SharedEndpointsTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _folder = Directory.CreateTempSubdirectory("pico-test-").FullName;
    private readonly EndpointTable _table = new(TimeProvider.System);
    private readonly RecordingLogger _log = new();
    private readonly CancellationTokenSource _stop = new();

    private string FilePath => Path.Combine(_folder, "endpoints.yaml");

    private string LabelsPath => Path.Combine(_folder, "labels");

    [Theory]
    [InlineData("matchLabels: {app: web}", true)]
    [InlineData("matchLabels: {app: web, tier: back}", false)]
    [InlineData("matchLabels: {\"app\": \"web\"}, matchExpressions: [{key: tier, operator: In, values: [front, side]}]", true)]
    [InlineData("matchExpressions: [{key: tier, operator: NotIn, values: [front]}]", false)]
    [InlineData("matchExpressions: [{key: other, operator: NotIn, values: [x]}, {key: other, operator: DoesNotExist}, {key: app, operator: Exists}]", true)]
    [InlineData("matchExpressions: [{key: app, operator: DoesNotExist}]", false)]
    [InlineData("", true)]
    public void Selector_TakesThePodsThatItMeans(string selector, bool isTaken)
    {
        var specs = Parse($"endpoints:\n- {{id: a, address: 1, selector: {{{selector}}}}}\n", "app=\"web\"\ntier=\"front\"\n", out var errors);

        Assert.Empty(errors);
        Assert.Equal(isTaken ? ["a"] : [], specs!.Select(s => s.Id));
    }

    [Fact]
    public void BrokenEndpoint_HarmsNoOther_AndOneOfOtherPodsIsNotEvenTold()
    {
        var specs = Parse(
            "endpoints:\n- {id: a, address: 1, selector: {matchLabels: {app: web}}}\n- {id: b, address: nonsense, selector: {matchLabels: {app: web}}}\n"
            + "- {id: c, colour: red, selector: {matchLabels: {app: other}}}\n- {id: d, address: 4, selector: {matchExpressions: [{key: x, operator: Near}]}}\n- {id: e, address: 5}\n",
            "app=\"web\"", out var errors);

        Assert.Equal(["a", "e"], specs!.Select(s => s.Id));
        Assert.Equal(2, errors.Count);
        Assert.Contains(errors, e => e.Contains("endpoints.yaml:3", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.Contains("\"Near\" is no operator", StringComparison.Ordinal));
    }

    [Fact]
    public void Selector_InAFileThatIsNotShared_IsRefused()
    {
        var errors = new List<string>();
        using var yaml = new StringReader("endpoints:\n- {id: a, address: 1, selector: {matchLabels: {app: web}}}\n");

        Assert.Empty(EndpointFileParser.Parse(yaml, "f", errors));
        Assert.Contains("give --pod-labels-file", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatTheControllerWrites_IsWhatTheAgentReads()
    {
        var manifest = Manifests.Parse("""
            metadata: {name: orders, namespace: shop}
            spec:
              endpointId: orders
              protocol: HTTPS
              port: 8443
              selector:
                matchLabels: {app.kubernetes.io/name: web, empty: ""}
                matchExpressions:
                - {key: tier, operator: In, values: [front, side]}
                - {key: canary, operator: DoesNotExist}
              tls: {serverName: orders.internal}
              healthCheck: {path: "/ready?x=%41&y=\"", interval: 5s, timeout: 500ms, healthyThreshold: 2, unhealthyThreshold: 4}
            """);
        var endpoint = k8s.KubernetesJson.Deserialize<Pico.Kubernetes.Resources.PicoEndpoint>(manifest.ToJsonString());

        var specs = Parse(AgentConfigWriter.Write([endpoint]), "app.kubernetes.io/name=\"web\"\nempty=\"\"\ntier=\"side\"\n", out var errors);

        Assert.Empty(errors);
        var spec = Assert.Single(specs!);
        Assert.Equal(("orders", "https://localhost:8443", "orders.internal"), (spec.Id, spec.Target, spec.Tls!.ServerName));
        Assert.Equal(
            new HealthCheckSettings
            {
                Path = "/ready?x=%41&y=\"",
                Interval = TimeSpan.FromSeconds(5),
                Timeout = TimeSpan.FromMilliseconds(500),
                HealthyThreshold = 2,
                UnhealthyThreshold = 4,
            },
            spec.Health);
        var commandLine = EndpointSettings.CommandLine(endpoint.Spec, "localhost:8443");
        Assert.Equal(spec, Assert.Single(EndpointSpecParser.Parse([commandLine], errors)));
    }

    [Fact]
    public async Task Labels_ThatChange_ChangeWhatIsServed_AndFlagsComeFirst()
    {
        Write(LabelsPath, "app=\"web\"");
        Write(FilePath, "endpoints:\n- {id: web, address: 1, selector: {matchLabels: {app: web}}}\n- {id: api, address: 2, selector: {matchLabels: {app: api}}}\n- {id: flag, address: 3}\n");
        var flag = new EndpointSpec { Id = "flag", Host = "localhost", Port = 9 };
        _table.Update([flag]);
        var file = new EndpointsFile(FilePath, LabelsPath, _table, [flag], TimeProvider.System, _log);
        Assert.Contains("\"flag\" is given otherwise already", Assert.Single(file.Load()), StringComparison.Ordinal);
        Assert.Equal(["flag", "web"], _table.Endpoints.Keys.Order());
        Assert.Equal(9, _table.Endpoints["flag"].Spec.Port);
        var watching = file.WatchAsync(_stop.Token);
        var changed = _table.Changed;

        Write(LabelsPath, "app=\"api\"");
        await changed.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Equal(["api", "flag"], _table.Endpoints.Keys.Order());
        await _stop.CancelAsync();
        await watching;
    }

    public void Dispose()
    {
        _stop.Dispose();
        _log.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static IReadOnlyList<EndpointSpec>? Parse(string yaml, string labels, out List<string> errors)
    {
        errors = [];
        using var reader = new StringReader(yaml);
        return EndpointFileParser.ParseShared(reader, "endpoints.yaml", PodLabels.Parse(labels), errors);
    }

    private static void Write(string path, string content)
    {
        File.WriteAllText(path + ".new", content);
        File.Move(path + ".new", path, overwrite: true);
    }
}
