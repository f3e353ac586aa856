using System.Net;
using Pico.Agent;
using Pico.Tests.Cli;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Agent;

/// <summary>An agent that is asked to drain before it is stopped, as preStop hooks do.</summary>
public sealed class DrainTests
{
    private const string Key = "0123456789abcdef";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("/drain")]
    [InlineData("/drain/" + Key)]
    [InlineData("//drain/" + Key)]
    public async Task Drain_IsAnswered_WhenEverythingIsWithdrawnAndFinished(string path)
    {
        await using var node = new TestNode();
        using var service = new TestService();
        await using var agent = Start(node, service);
        using var soon = new CancellationTokenSource(Patience, TimeProvider.System);
        var (tunnel, handler) = await node.NextTunnelAsync(soon.Token);
        var registration = await handler.Registered.Reader.ReadAsync(soon.Token);
        await using var stream = await tunnel.OpenAsync(new() { RegistrationId = registration.Id, Protocol = registration.Protocol }, soon.Token);
        using var http = Client(agent);

        var drained = http.GetAsync(new Uri($"http://{agent.Agent.LocalAddress}{path}"), soon.Token);
        while ((await http.GetAsync("/ready", soon.Token)).StatusCode != HttpStatusCode.ServiceUnavailable)
            soon.Token.ThrowIfCancellationRequested();
        Assert.False(drained.IsCompleted);
        stream.Abort(StreamError.Cancelled);

        Assert.Equal(HttpStatusCode.OK, (await drained).StatusCode);
        Assert.False(agent.Run.IsCompleted);
        Assert.Equal("drained\n", await http.GetStringAsync("/drain", soon.Token));
    }

    [Theory]
    [InlineData("/drain/")]
    [InlineData("/drain/0123456789abcdee")]
    [InlineData("/drainage")]
    public async Task Drain_WithAWrongKey_IsRefused(string path)
    {
        await using var node = new TestNode();
        using var service = new TestService();
        await using var agent = Start(node, service);
        using var http = Client(agent);

        using var answer = await http.GetAsync(path, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Equal("ok\n", await http.GetStringAsync("/health", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task DrainVerb_AsksTheAgentOnThisHost_AndWaits()
    {
        await using var node = new TestNode();
        using var service = new TestService();
        await using var agent = Start(node, service);
        await agent.Agent.WhenReady.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);

        var (exitCode, _, error) = await CommandLine.RunAsync("drain", "--bind-addr", $"localhost:{agent.Agent.LocalAddress!.Port}");

        Assert.Equal((0, ""), (exitCode, error));
        using var http = Client(agent);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync("/ready", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task DrainVerb_WithoutAnAgent_SaysSo()
    {
        var (exitCode, _, error) = await CommandLine.RunAsync("drain", "--bind-addr", "localhost:1");

        Assert.Equal(1, exitCode);
        Assert.Contains("the agent at 127.0.0.1:1 (--bind-addr) is not reached", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, HttpStatusCode.ServiceUnavailable)]
    [InlineData(false, HttpStatusCode.OK)]
    public async Task StrictReadiness_SaysNo_WhenNothingIsRegisteredAnyMore(bool isStrict, HttpStatusCode expected)
    {
        await using var node = new TestNode();
        using var service = new TestService();
        await using var agent = Start(node, service, isStrict);
        await agent.Agent.WhenReady.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
        using var http = Client(agent);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/ready", TestContext.Current.CancellationToken)).StatusCode);

        await node.DisposeAsync();
        while (!(await http.GetStringAsync("/metrics", TestContext.Current.CancellationToken)).Contains("\npico_agent_tunnels 0\n", StringComparison.Ordinal))
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();

        Assert.Equal(expected, (await http.GetAsync("/ready", TestContext.Current.CancellationToken)).StatusCode);
    }

    private static RunningAgent Start(TestNode node, TestService service, bool isStrict = false) => new(new AgentOptions
    {
        Endpoints = [service.Spec("good")],
        Servers = [node.Url],
        Connections = 1,
        BindAddress = "127.0.0.1:0",
        DrainKey = Key,
        StrictReadiness = isStrict,
    });

    private static HttpClient Client(RunningAgent agent) => new() { BaseAddress = new Uri($"http://{agent.Agent.LocalAddress}") };
}
