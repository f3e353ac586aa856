using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Pico.Tests.Server;
using Pico.Tests.Server.Auth;
using Pico.Tests.Server.Cluster;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Cli.Status;

/// <summary><c>pico status</c> of real servers.</summary>
public sealed class StatusVerbTests
{
    [Fact]
    public async Task Overview_OfAServer_HasTotalsNodesEndpointsAndTunnels()
    {
        await using var server = await TestServer.StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        await agent.RegisterAsync("web", EndpointProtocol.Http);

        var output = await StatusAsync(server);

        Assert.Contains("1, of which 0 failing, 0 degraded", output, StringComparison.Ordinal);
        Assert.Matches(@"NODE +STATE[^\n]*\nnode-1 +ready", output);
        Assert.Matches(@"ENDPOINT +STATE[^\n]*\nweb +healthy +http", output);
        Assert.Matches(@"AGENT +ADDRESS[^\n]*\ntest +127\.0\.0\.1:", output);
    }

    [Fact]
    public async Task Lists_LongerThanAPage_AreShownWhole()
    {
        const int count = 1100; // a page has 1,000 at the most, and so has a tunnel
        await using var server = await TestServer.StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        await using var other = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        var ids = Enumerable.Range(0, count).Select(i => $"endpoint-{i:0000}").ToArray();
        Assert.All(await Task.WhenAll(ids.Select((id, i) => (i % 2 == 0 ? agent : other).RegisterAsync(id))), Assert.Null);

        var table = await StatusAsync(server, "endpoints");
        using var list = JsonDocument.Parse(await StatusAsync(server, "endpoints", "--output", "json"));
        using var all = JsonDocument.Parse(await StatusAsync(server, "--output", "json"));
        var overview = await StatusAsync(server);

        Assert.Equal(ids, table.Split('\n').Select(l => l.Split(' ')[0]).Where(l => l.StartsWith("endpoint-", StringComparison.Ordinal)));
        Assert.Equal(ids, list.RootElement.EnumerateArray().Select(e => e.GetProperty("id").GetString()));
        Assert.Equal(ids, all.RootElement.GetProperty("endpoints").EnumerateArray().Select(e => e.GetProperty("id").GetString()));
        Assert.Equal(JsonValueKind.Null, all.RootElement.GetProperty("endpointsContinue").ValueKind);
        Assert.Contains("… and 1080 more: pico status endpoints", overview, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upstreams_MoreThanAListNames_AreAllThere()
    {
        await using var server = await TestServer.StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        for (var i = 0; i < 20; i++)
            await agent.RegisterAsync("web");

        using var upstreams = JsonDocument.Parse(await StatusAsync(server, "upstreams", "--output", "json"));

        Assert.Equal(20, upstreams.RootElement.EnumerateArray().Sum(u => u.GetProperty("count").GetInt32()));
    }

    [Fact]
    public async Task Tunnels_OfAnotherNode_AreThatNodesOwn()
    {
        await using var cluster = await TestCluster.StartAsync(2);
        await using var agent = await TestAgent.ConnectAsync(cluster[1].Server.UpstreamAddress);
        await agent.RegisterAsync("web");

        Assert.DoesNotContain("127.0.0.1", await StatusAsync(cluster[0], "tunnels"), StringComparison.Ordinal);
        Assert.Matches(@"test +127\.0\.0\.1:.* web\n", await StatusAsync(cluster[0], "tunnels", "--node", "node-1"));
        Assert.Matches(@"node-1 +alive", await StatusAsync(cluster[0], "gossip"));
        Assert.Matches(@"node-1 +ready", await StatusAsync(cluster[0], "nodes"));
    }

    [Fact]
    public async Task Filters_AreTheServers()
    {
        await using var server = await TestServer.StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        await agent.RegisterAsync("web", EndpointProtocol.Http);
        await agent.RegisterAsync("db");

        using var list = JsonDocument.Parse(await StatusAsync(server, "endpoints", "--output", "json", "--protocol", "tcp", "--state", "healthy", "--holder", "node-1"));
        using var found = JsonDocument.Parse(await StatusAsync(server, "endpoints", "--output", "json", "--search", "WE"));
        using var none = JsonDocument.Parse(await StatusAsync(server, "tunnels", "--output", "json", "--endpoint", "nothing"));

        Assert.Equal("db", Assert.Single(list.RootElement.EnumerateArray()).GetProperty("id").GetString());
        Assert.Equal("web", Assert.Single(found.RootElement.EnumerateArray()).GetProperty("id").GetString());
        Assert.Empty(none.RootElement.EnumerateArray());
    }

    [Fact]
    public async Task Endpoint_AsYaml_IsItsDocument()
    {
        await using var server = await TestServer.StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        await agent.RegisterAsync("web", EndpointProtocol.Http);

        var yaml = await StatusAsync(server, "endpoint", "web", "--output", "yaml");
        var facts = await StatusAsync(server, "endpoint", "web");

        Assert.Contains("id: web\nprotocol: http\nstate: healthy\n", yaml, StringComparison.Ordinal);
        Assert.Matches(@"upstreams:\n +- nodeId: node-1\n", yaml);
        Assert.Matches(@"endpoint: +web\nprotocol: +http\nstate: +healthy\n", facts);
    }

    [Theory]
    [InlineData("endpoint none", "Nobody listens on an endpoint 'none'", "pico status endpoints")]
    [InlineData("nodes --node nobody", "nobody", "'pico status nodes' lists the nodes")]
    [InlineData("gossip", "takes part in no cluster", "cluster.join")]
    public async Task Question_ThatTheServerRefuses_SaysWhatToDo(string arguments, string what, string advice)
    {
        await using var server = await TestServer.StartAsync();

        var (exitCode, output, error) = await CommandLine.RunAsync(["status", .. arguments.Split(' '), "--server", $"http://{server.Server.AdminAddress}"]);

        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains(what, error, StringComparison.Ordinal);
        Assert.Contains(advice, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "it wants another token; give --token-file")]
    [InlineData(true, "the token has expired; give another one with --token-file")]
    public async Task Server_ThatWantsAToken_SaysSo(bool hasExpiredOne, string expected)
    {
        await using var server = await TestServer.StartAsync(o => o.Admin.Auth.Secret = TokenMint.Secret);
        using var folder = new TestFolder();
        var now = TimeProvider.System.GetUtcNow();
        var file = Path.Combine(folder.Path, "token");
        await File.WriteAllTextAsync(file, TokenMint.Create("HS256", now, lifetime: TimeSpan.FromHours(-1), validAfter: TimeSpan.FromHours(-2)), TestContext.Current.CancellationToken);

        var (exitCode, _, error) = await CommandLine.RunAsync(["status", "--server", $"http://{server.Server.AdminAddress}", .. hasExpiredOne ? new[] { "--token-file", file } : []]);

        Assert.Equal(1, exitCode);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_ThatDoesNotRun_IsNamedWithItsOption()
    {
        using var port = new TcpListener(IPAddress.Loopback, 0);
        port.Start();
        var address = port.LocalEndpoint;
        port.Stop();

        var (exitCode, output, error) = await CommandLine.RunAsync("status", "--server", $"http://{address}");

        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains("Connection refused", error, StringComparison.Ordinal);
        Assert.Contains("admin.bind-addr", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_ThatDoesNotAnswer_IsNotWaitedForLongerThanTheTimeout()
    {
        using var port = new TcpListener(IPAddress.Loopback, 0);
        port.Start();

        var (exitCode, _, error) = await CommandLine.RunAsync("status", "--server", $"http://{port.LocalEndpoint}", "--timeout", "50ms");

        Assert.Equal(1, exitCode);
        Assert.Contains("did not answer within 0.05 s", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_WithoutTheLists_IsSaidToBeOlder()
    {
        await using var old = OtherServer.Start("HTTP/1.1 404 Not Found\r\nx-pico-error: not_found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        await using var nobody = OtherServer.Start("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
        await using var first = OtherServer.Start("HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\n{\"nodes\": [] }");

        Assert.Contains("it is older than this pico", await FailAsync(old, "nodes"), StringComparison.Ordinal);
        Assert.Contains("is it the admin port of a Pico server?", await FailAsync(nobody, "nodes"), StringComparison.Ordinal);
        Assert.Contains("cannot be watched: the server is older than this pico", await FailAsync(first, "--watch"), StringComparison.Ordinal);
    }

    private static async Task<string> StatusAsync(TestServer server, params string[] arguments)
    {
        var (exitCode, output, error) = await CommandLine.RunAsync(["status", .. arguments, "--server", $"http://{server.Server.AdminAddress}"]);
        Assert.Equal((0, ""), (exitCode, error));
        return output;
    }

    private static async Task<string> FailAsync(OtherServer server, params string[] arguments)
    {
        var (exitCode, output, error) = await CommandLine.RunAsync(["status", .. arguments, "--server", $"http://{server.Address}"]);
        Assert.Equal((1, ""), (exitCode, output));
        return error;
    }
}
