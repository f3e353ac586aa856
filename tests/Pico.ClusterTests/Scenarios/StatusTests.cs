using Pico.ClusterTests.Fixtures;
using Pico.IntegrationTests.Fixtures;

namespace Pico.ClusterTests.Scenarios;

/// <summary>What an operator sees.</summary>
[Collection(nameof(Alone))]
public sealed class StatusTests(PicoRelease pico)
{
    [Fact]
    public async Task PicoStatus_ThroughAPortForwardToTheAdminService_ShowsNodesEndpointsAndUpstreams()
    {
        await using var scene = await pico.CreateNamespaceAsync();
        var id = scene.Endpoint("orders");
        await scene.DeployAsync(Manifests.Service("orders", $"pico.dev/endpoints: {id}/8080"), "orders");
        await scene.UntilAllServeAsync(id, TimeSpan.FromSeconds(5));
        var agent = (await scene.Kubectl.ListAsync(scene.Name, "pods"))[0]["metadata"]!["name"]!.GetValue<string>();
        var nodes = (await scene.Kubectl.ListAsync(PicoRelease.Namespace, PicoRelease.ServerPods)).Where(PicoRelease.IsReady).Select(pod => pod["metadata"]!["name"]!.GetValue<string>()).ToList();

        await using var admin = await PodPort.ForwardAsync(scene.Kubectl, PicoRelease.Namespace, "service/pico-admin", 8003);
        var server = admin.Address.ToString();
        var status = await StatusAsync();
        Assert.All(nodes, name => Assert.Contains(name, status, StringComparison.Ordinal));
        Assert.Contains(id, await StatusAsync("endpoint", id), StringComparison.Ordinal);
        // Each node tells of the tunnels that it holds; the one that is asked asks the others.
        var tunnels = await Task.WhenAll(nodes.Select(node => StatusAsync("tunnels", "--node", node, "--output", "json")));
        Assert.Contains(tunnels, text => text.Contains(agent, StringComparison.Ordinal));

        async Task<string> StatusAsync(params string[] what) =>
            (await PicoProgram.RunAsync("status", [.. what, "--server", admin.Address.ToString()])).Succeeded().Text;
    }
}
