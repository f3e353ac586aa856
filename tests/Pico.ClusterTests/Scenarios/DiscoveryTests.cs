using System.Text.Json.Nodes;
using Pico.ClusterTests.Fixtures;

namespace Pico.ClusterTests.Scenarios;

/// <summary>Servers find each other by the headless Service's name and by the Kubernetes API: each is enough.</summary>
[Collection(nameof(Alone))]
public sealed class DiscoveryTests(PicoRelease pico)
{
    private const int Servers = 3;
    private static readonly TimeSpan InAMinute = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("service/pico-gossip")]
    [InlineData("rolebinding/pico-server-pods")]
    public async Task Servers_AllStartedAnewWithoutOneOfTheWays_FindEachOtherByTheOther(string way)
    {
        await using var scene = await pico.CreateNamespaceAsync();
        var kept = (await scene.Kubectl.FindAsync(PicoRelease.Namespace, way))!;
        await scene.Kubectl.RunAsync("delete", way, "--namespace", PicoRelease.Namespace);
        try
        {
            await scene.Kubectl.RunAsync(["delete", .. PicoRelease.ServerPods.Split(' '), "--namespace", PicoRelease.Namespace]);
            await pico.UntilJoinedAsync(Servers, InAMinute);
        }
        finally
        {
            await scene.Kubectl.ApplyAsync(PicoRelease.Namespace, AsMade(kept).ToJsonString());
        }
    }

    private static JsonNode AsMade(JsonNode item)
    {
        foreach (var name in (string[])["resourceVersion", "uid", "creationTimestamp", "managedFields"])
            item["metadata"]!.AsObject().Remove(name);
        return item;
    }
}
