using System.Text.Json.Nodes;

namespace Pico.ClusterTests.Charts;

/// <summary>The chart's values and their schema: what may be set, and what is said of the rest.</summary>
public sealed class SchemaTests
{
    private static readonly JsonObject Schema = JsonNode.Parse(File.ReadAllText(Path.Combine(Helm.Chart, "values.schema.json")))!.AsObject();

    [Fact]
    public async Task Values_AndTheirSchema_KnowTheSameNames()
    {
        var values = await ReadValuesAsync();
        Assert.Equal(Named(Schema, "").Where(n => n != "global").Order(), Names(values, Schema, "").Order());
    }

    [Fact]
    public void Schema_RefusesNamesThatItDoesNotKnow_AtEveryLevel() => Assert.All(Objects(Schema, "values"), o =>
        Assert.True(o.Schema.ContainsKey("additionalProperties"), $"{o.Path} takes any name"));

    [Theory]
    [InlineData("sever: {replicas: 2}", "sever")]
    [InlineData("server: {replica: 2}", "replica")]
    [InlineData("server: {services: {proxy: {typ: NodePort}}}", "typ")]
    [InlineData("server: {services: {proxy: {type: nodeport}}}", "server.services.proxy.type")]
    [InlineData("server: {replicas: three}", "server.replicas")]
    [InlineData("server: {gracePeriod: 1 minute}", "server.gracePeriod")]
    [InlineData("injector: {agent: {serverCa: my-ca}}", "injector.agent.serverCa")]
    [InlineData("injector: {certificate: {source: cert_manager}}", "injector.certificate.source")]
    [InlineData("images: {server: {digest: sha256:12}}", "images.server.digest")]
    [InlineData("controller: {watchNamespaces: shop}", "controller.watchNamespaces")]
    public async Task Typo_IsRefused_AndNamed(string values, string name)
    {
        var render = await Helm.TryAsync(values);

        Assert.NotEqual(0, render.ExitCode);
        Assert.Contains(name, render.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("injector: {certificate: {source: given}}", "injector.certificate.caBundle")]
    [InlineData("auth: {agents: {keysSecret: keys}}", "secretEntries")]
    [InlineData("ingress: {proxy: {enabled: true}}", "ingress.proxy.hosts")]
    [InlineData("gateway: {upstream: {enabled: true}}", "gateway.upstream.parentRefs")]
    [InlineData("injector: {agent: {serverCa: configmap/ca}}", "server.tls.upstreamSecret")]
    public async Task Values_ThatDoNotFitTogether_AreRefused_WithWhatToDo(string values, string advice)
    {
        var render = await Helm.TryAsync(values);

        Assert.NotEqual(0, render.ExitCode);
        Assert.Contains(advice, render.Error, StringComparison.Ordinal);
    }

    private static async Task<JsonObject> ReadValuesAsync() =>
        Rendering.Parse(await File.ReadAllTextAsync(Path.Combine(Helm.Chart, "values.yaml"), TestContext.Current.CancellationToken)).Objects[0].Json;

    private static IEnumerable<(string Path, JsonObject Schema)> Objects(JsonObject schema, string path)
    {
        if (schema["properties"] is not JsonObject properties)
            yield break;
        yield return (path, schema);
        foreach (var (name, inner) in properties)
        {
            foreach (var deeper in Objects(inner!.AsObject(), $"{path}.{name}"))
                yield return deeper;
        }
    }

    private static IEnumerable<string> Named(JsonObject schema, string path) => schema["properties"] is JsonObject properties
        ? properties.SelectMany(p => Named(p.Value!.AsObject(), path.Length == 0 ? p.Key : $"{path}.{p.Key}"))
        : [path];

    private static IEnumerable<string> Names(JsonNode? value, JsonObject schema, string path) => schema["properties"] is JsonObject properties && value is JsonObject members
        ? members.SelectMany(m => properties[m.Key] is JsonObject inner ? Names(m.Value, inner, path.Length == 0 ? m.Key : $"{path}.{m.Key}") : [$"{path}.{m.Key} is not in the schema"])
        : [path];
}
