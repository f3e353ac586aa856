using System.Text.Json.Nodes;

namespace Pico.ClusterTests.Charts;

/// <summary>What is secret stands in Secrets only, and a rendering makes none up.</summary>
public sealed class SecretTests
{
    private static readonly string[] SecretWords = ["secret", "key", "password", "token", "credential"];

    public static IEnumerable<TheoryDataRow<string, string>> All => ValueSets.All;

    [Theory]
    [MemberData(nameof(All))]
    public async Task ConfigMaps_HoldNoSecret(string values, string kubernetes)
    {
        foreach (var text in (await Helm.RenderAsync(values, kubernetes)).Of("ConfigMap").SelectMany(m => m.Json["data"]!.AsObject()).Select(d => (string)d.Value!))
        {
            Assert.DoesNotContain("PRIVATE KEY", text, StringComparison.Ordinal);
            foreach (var (name, value) in Leaves(Rendering.Parse($"kind: x\nmetadata: {{name: x}}\ndata:\n  {text.Replace("\n", "\n  ", StringComparison.Ordinal)}").Objects[0].Json["data"]!, ""))
            {
                if (SecretWords.Any(w => name.Contains(w, StringComparison.Ordinal)))
                    Assert.True(value.StartsWith('/') || value is "true" or "false", $"{name} is \"{value}\", which is no path of a file");
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Environment_HoldsNoSecret(string values, string kubernetes)
    {
        var variables = (await Helm.RenderAsync(values, kubernetes)).Pods().SelectMany(p => p.Containers).SelectMany(c => c["env"] as JsonArray ?? []);
        Assert.All(variables, v => Assert.DoesNotContain(SecretWords, w => ((string)v!["name"]!).Contains(w, StringComparison.OrdinalIgnoreCase)));
    }

    /// <summary>Without a cluster to look into, a key would be another in each rendering, and split the servers: then it is the user's to make.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public async Task Rendering_MakesNoSecretUp_AndIsTheSameEachTime(string values, string kubernetes)
    {
        var first = await Helm.RenderAsync(values, kubernetes);
        Assert.Empty(first.Of("Secret"));

        var again = await Helm.RenderAgainAsync(values, kubernetes);
        Assert.Equal(first.Objects.Select(o => o.Json.ToJsonString()), again.Objects.Select(o => o.Json.ToJsonString()));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Servers_WaitForTheirGossipKey(string values, string kubernetes)
    {
        var volume = Assert.Single(
            (await Helm.RenderAsync(values, kubernetes)).Get("Deployment", "pico-server").Spec["template"]!["spec"]!["volumes"]!.AsArray(),
            v => (string?)v!["name"] == "gossip");

        Assert.Equal(values == "external-certificates" ? "my-gossip-keys" : "pico-gossip", (string?)volume!["secret"]!["secretName"]);
        Assert.NotEqual(true, (bool?)volume["secret"]!["optional"]);
    }

    private static IEnumerable<(string Name, string Value)> Leaves(JsonNode node, string path) => node switch
    {
        JsonObject members => members.SelectMany(m => m.Value is null ? [] : Leaves(m.Value, path.Length == 0 ? m.Key : $"{path}.{m.Key}")),
        JsonArray items => items.SelectMany(i => Leaves(i!, path)),
        _ => [(path, node.ToString())],
    };
}
