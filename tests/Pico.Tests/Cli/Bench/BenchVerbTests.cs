using System.Text.Json;
using Pico.Tests.Server;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Cli.Bench;

/// <summary><c>pico bench</c> of a real server, in this process.</summary>
public sealed class BenchVerbTests
{
    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    public async Task Bench_OfAnEndpointThatAnswers_CountsEveryRequest(string http2)
    {
        await using var server = await TestServer.StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: TestService.Answering("hello"));
        Assert.Null(await agent.RegisterAsync("web", EndpointProtocol.Http));

        var (exitCode, output, error) = await CommandLine.RunAsync(
            "bench", "web", "--server", $"http://{server.Server.ProxyAddress}", "--requests", "200", "--connections", "4", "--http2", http2, "--output", "json");

        Assert.Equal(0, exitCode);
        Assert.StartsWith("This is real load: GET / to the endpoint web", error, StringComparison.Ordinal);
        using var result = JsonDocument.Parse(output);
        var root = result.RootElement;
        Assert.Equal((200, 0, 1000), (root.GetProperty("requests").GetInt32(), root.GetProperty("failed").GetInt32(), root.GetProperty("bytes").GetInt32()));
        Assert.Equal("{\"200\":200}", JsonSerializer.Serialize(root.GetProperty("statuses")));
        var latency = root.GetProperty("latencyMilliseconds");
        double[] rising = [.. ((string[])["p50", "p90", "p99", "p99.9", "max"]).Select(p => latency.GetProperty(p).GetDouble())];
        Assert.True(rising[0] > 0);
        Assert.Equal(rising.Order(), rising);
    }

    [Fact]
    public async Task Bench_OfAnEndpointThatNobodyHas_FailsWithPicosCode()
    {
        await using var server = await TestServer.StartAsync();

        var (exitCode, output, _) = await CommandLine.RunAsync("bench", "nobody", "--server", $"http://{server.Server.ProxyAddress}", "--requests", "5", "--connections", "1");

        Assert.Equal(1, exitCode);
        Assert.Matches("failed +5: 100 %", output);
        Assert.Matches("status +502: 5", output);
        Assert.Matches("problem +no_available_upstreams: 5", output);
    }

    [Fact]
    public async Task Bench_OfAPortWhereNobodyListens_SaysSoAndDoesNotSpin()
    {
        var (exitCode, output, _) = await CommandLine.RunAsync("bench", "web", "--server", "http://127.0.0.1:1", "--duration", "300ms", "--connections", "2");

        Assert.Equal(1, exitCode);
        Assert.Matches("problem +connection error: [1-8]\n", output);
        Assert.DoesNotContain("latency", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bench_OfAServiceThatDoesNotAnswer_FailsByItsTimeout()
    {
        await using var server = await TestServer.StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: async stream => await stream.Input.ReadAsync(TestContext.Current.CancellationToken));
        Assert.Null(await agent.RegisterAsync("web", EndpointProtocol.Http));

        var (exitCode, output, _) = await CommandLine.RunAsync(
            "bench", "web", "--server", $"http://{server.Server.ProxyAddress}", "--requests", "2", "--connections", "2", "--timeout", "250ms");

        Assert.Equal(1, exitCode);
        Assert.Matches("problem +timeout: 2", output);
        Assert.Matches("latency +p50 [2-9][0-9][0-9] ms", output);
    }

    [Theory]
    [InlineData("'nonsense' is no header", "--header", "nonsense")]
    [InlineData("give one of them", "--body", "a", "--body-file", "/dev/null")]
    [InlineData("from 1 to 1000", "--connections", "100000")]
    public async Task Bench_WithMistakes_IsRefused(string problem, params string[] options)
    {
        var (exitCode, _, error) = await CommandLine.RunAsync(["bench", "web", .. options]);

        Assert.Equal(2, exitCode);
        Assert.Contains(problem, error, StringComparison.Ordinal);
    }
}
