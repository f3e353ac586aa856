using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Pico.Server.Admin.Status;
using Pico.Server.Proxy;
using Pico.Tests.Server.Cluster;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Admin;

public sealed class AdminApiTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Status_OfAnotherNode_IsThatNodesOwn()
    {
        await using var cluster = await TestCluster.StartAsync(2);
        await using var agent = await TestAgent.ConnectAsync(cluster[1].Server.UpstreamAddress);
        await agent.RegisterAsync("web", EndpointProtocol.Http);
        await cluster.KnowAsync("web", 1);

        using var response = await cluster[0].AdminAsync("/status?node=node-1");
        var status = await response.Content.ReadFromJsonAsync(StatusJson.Default.ServerStatus, Cancel);
        using var one = await cluster[0].AdminAsync("/status/endpoints/web?node=node-1");
        var endpoint = await one.Content.ReadFromJsonAsync(StatusJson.Default.EndpointStatus, Cancel);

        Assert.Equal("node-1", status!.Node);
        Assert.Equal(("node-1", "self"), (status.Nodes[0].Id, status.Nodes[0].Link));
        Assert.Equal("agent-1", Assert.Single(status.Tunnels).AgentId);
        Assert.Equal("agent-1", Assert.Single(endpoint!.Upstreams).AgentId);
        Assert.Empty((await cluster[0].StatusAsync()).Tunnels);
    }

    [Theory]
    [InlineData("/status?node=node-1&limit=0", 400, "invalid_query")]
    [InlineData("/status/endpoints/none?node=node-1", 404, "unknown_endpoint")]
    [InlineData("/status?node=nobody", 404, "unknown_node")]
    public async Task Question_ToAnotherNodeThatIsWrong_IsAnsweredAsItWouldBeThere(string path, int status, string code)
    {
        await using var cluster = await TestCluster.StartAsync(2);

        using var response = await cluster[0].AdminAsync(path);

        await AssertProblemAsync(response, status, code);
    }

    [Fact]
    public async Task Question_ToANodeThatIsGone_IsAProblem()
    {
        await using var cluster = await TestCluster.StartAsync(2);
        await cluster[1].Server.StopAsync(Cancel);

        using var response = await cluster[0].AdminAsync("/status?node=node-1");

        await AssertProblemAsync(response, 404, "unknown_node");
    }

    [Theory]
    [InlineData("/status?node=elsewhere", 404, "unknown_node")]
    [InlineData("/status?colour=red", 400, "invalid_query")]
    [InlineData("/status/endpoints?continue=x", 400, "invalid_query")]
    [InlineData("/status/endpoints/none", 404, "unknown_endpoint")]
    [InlineData("/status/endpoints/", 404, "not_found")]
    [InlineData("/status/endpoints/a/b", 404, "not_found")]
    [InlineData("/status/gossip", 404, "no_cluster")]
    [InlineData("/nothing", 404, "not_found")]
    public async Task Request_ThatIsWrong_GetsAProblem(string path, int status, string code)
    {
        await using var server = await TestServer.StartAsync();

        using var response = await server.AdminAsync(path);

        await AssertProblemAsync(response, status, code);
    }

    [Fact]
    public async Task Tunnels_Pages_NameEachOnceTheOldestFirst()
    {
        await using var server = await TestServer.StartAsync();
        var agents = new List<TestAgent>();
        for (var i = 0; i < 5; i++)
        {
            agents.Add(await TestAgent.ConnectAsync(server.Server.UpstreamAddress, new TunnelHello { Id = $"a{i}", Name = $"n{i}", Zone = i < 2 ? "east" : "west" }));
            await server.StatusAsync(s => s.Tunnels.Count == i + 1);
        }

        var first = await GetAsync(server, "/status/tunnels?limit=3");
        var second = await GetAsync(server, $"/status/tunnels?limit=3&continue={first.Continue}");
        var east = await GetAsync(server, "/status/tunnels?zone=east&search=N1");

        Assert.Equal(["a0", "a1", "a2"], first.Items.Select(t => t.AgentId));
        Assert.Equal(["a3", "a4"], second.Items.Select(t => t.AgentId));
        Assert.Null(second.Continue);
        Assert.Equal("a1", Assert.Single(east.Items).AgentId);
        foreach (var agent in agents)
            await agent.DisposeAsync();
    }

    [Fact]
    public async Task OpenApi_EveryAnswer_HasTheMembersOfItsSchema()
    {
        await using var cluster = await TestCluster.StartAsync(1);
        await using var agent = await TestAgent.ConnectAsync(cluster[0].Server.UpstreamAddress);
        await agent.RegisterAsync("web", EndpointProtocol.Http);
        using var api = JsonDocument.Parse(await (await cluster[0].AdminAsync("/openapi.json")).Content.ReadAsStringAsync(Cancel));
        var schemas = api.RootElement.GetProperty("components").GetProperty("schemas");

        Assert.Equal("3.1.0", api.RootElement.GetProperty("openapi").GetString());
        foreach (var path in api.RootElement.GetProperty("paths").EnumerateObject())
        {
            if (!path.Name.StartsWith("/status", StringComparison.Ordinal) && path.Name != "/events")
                continue;
            using var response = await cluster[0].AdminAsync(path.Name.Replace("{id}", "web", StringComparison.Ordinal));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancel));
            var schema = path.Value.GetProperty("get").GetProperty("responses").GetProperty("200").GetProperty("content").GetProperty("application/json").GetProperty("schema");
            AssertFits(answer.RootElement, schema, schemas, path.Name);
        }
    }

    private static void AssertFits(JsonElement value, JsonElement schema, JsonElement schemas, string where)
    {
        if (schema.TryGetProperty("anyOf", out var any))
            schema = any[0];
        if (value.ValueKind == JsonValueKind.Null)
            return;
        if (schema.TryGetProperty("$ref", out var reference))
            schema = schemas.GetProperty(reference.GetString()!.Split('/')[^1]);
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray())
                AssertFits(item, schema.GetProperty("items"), schemas, where);
        }

        if (value.ValueKind != JsonValueKind.Object)
            return;
        var properties = schema.GetProperty("properties");
        Assert.Equal(properties.EnumerateObject().Select(p => p.Name).Order(), value.EnumerateObject().Select(p => p.Name).Order());
        foreach (var member in value.EnumerateObject())
            AssertFits(member.Value, properties.GetProperty(member.Name), schemas, $"{where}.{member.Name}");
    }

    private static async Task<StatusPage<TunnelStatus>> GetAsync(TestServer server, string path)
    {
        using var response = await server.AdminAsync(path);
        return (await response.Content.ReadFromJsonAsync(StatusJson.Default.StatusPageTunnelStatus, Cancel))!;
    }

    private static async Task AssertProblemAsync(HttpResponseMessage response, int status, string code)
    {
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal([code], response.Headers.GetValues(ProxyErrors.HeaderName));
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal(code, problem.RootElement.GetProperty("code").GetString());
        Assert.NotEmpty(problem.RootElement.GetProperty("detail").GetString()!);
    }
}
