using System.Text.Json.Nodes;

namespace Pico.ClusterTests.Charts;

/// <summary>The resource definition as it is rendered.</summary>
public sealed class CrdTests
{
    public static IEnumerable<TheoryDataRow<string>> Versions { get; } = [.. ValueSets.Kubernetes.Select(k => new TheoryDataRow<string>(k))];

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Definition_HasCelRules_WhereTheApiServerKnowsThem(string kubernetes)
    {
        var rules = Schemas(Schema(await DefinitionAsync(kubernetes)), "").SelectMany(s => s.Schema["x-kubernetes-validations"] as JsonArray ?? []).Select(r => r!).ToArray();

        if (Version.Parse(kubernetes) < Version.Parse(ValueSets.FirstWithCel))
        {
            Assert.Empty(rules);
            return;
        }

        Assert.NotEmpty(rules);
        Assert.All(rules, r => Assert.False(string.IsNullOrWhiteSpace((string?)r["message"])));
        Assert.Contains(rules, r => (string?)r["rule"] == "has(self.selector) != has(self.serviceRef)");
    }

    /// <summary>kubernetes.io, "Specifying a structural schema": every value has a type, and what forbids says nothing about structure.</summary>
    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Definition_IsStructural(string kubernetes)
    {
        var schema = Schema(await DefinitionAsync(kubernetes));
        Assert.All(Schemas(schema, "root"), s =>
        {
            Assert.True(s.Schema["type"] is not null || (bool?)s.Schema["x-kubernetes-int-or-string"] == true, $"{s.Path} has no type");
            Assert.False(s.Schema.ContainsKey("properties") && s.Schema.ContainsKey("additionalProperties"), $"{s.Path} has properties and additionalProperties");
            foreach (var junctor in (string[])["allOf", "anyOf", "oneOf", "not"])
                AssertNoStructure(s.Schema[junctor], $"{s.Path}.{junctor}");
        });
        Assert.Equal("object", (string?)schema["type"]);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Definition_IsTheSame_ButForTheRules(string kubernetes)
    {
        var (here, today) = (await DefinitionAsync(kubernetes), await DefinitionAsync("1.34.0"));
        var expected = (JsonObject)today.Json.DeepClone();
        if (Version.Parse(kubernetes) < Version.Parse(ValueSets.FirstWithCel))
            expected["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!.AsObject().Remove("x-kubernetes-validations");

        Assert.True(JsonNode.DeepEquals(expected, here.Json));
        Assert.Equal("keep", (string?)here.Json["metadata"]!["annotations"]!["helm.sh/resource-policy"]);
        Assert.Empty((await Helm.RenderAsync("minimal", kubernetes)).Of("CustomResourceDefinition"));
    }

    private static async Task<KubeObject> DefinitionAsync(string kubernetes) =>
        (await Helm.RenderAsync(ValueSets.Default, kubernetes)).Get("CustomResourceDefinition", "picoendpoints.pico.dev");

    private static JsonObject Schema(KubeObject definition) => definition.Spec["versions"]!.AsArray().Single()!["schema"]!["openAPIV3Schema"]!.AsObject();

    private static IEnumerable<(string Path, JsonObject Schema)> Schemas(JsonObject schema, string path)
    {
        yield return (path, schema);
        var parts = (schema["properties"] as JsonObject ?? []).Select(p => (p.Key, p.Value)).Append(("[]", schema["items"])).Append(("*", schema["additionalProperties"]));
        foreach (var (name, part) in parts)
        {
            if (part is JsonObject inner)
            {
                foreach (var deeper in Schemas(inner, $"{path}.{name}"))
                    yield return deeper;
            }
        }
    }

    private static void AssertNoStructure(JsonNode? node, string path)
    {
        if (node is JsonArray items)
        {
            Assert.All(items, i => AssertNoStructure(i, path));
        }
        else if (node is JsonObject schema)
        {
            foreach (var forbidden in (string[])["type", "description", "default", "additionalProperties", "nullable", "title"])
                Assert.False(schema.ContainsKey(forbidden), $"{path} has {forbidden}");
            foreach (var junctor in (string[])["allOf", "anyOf", "oneOf", "not"])
                AssertNoStructure(schema[junctor], path);
        }
    }
}
