using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Agent;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Failures;

/// <summary>The server goes away and comes back; the agents find it, each in its own time.</summary>
public sealed class ReconnectTests(ITestOutputHelper output)
{
    private const int Agents = 500;

    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(30);

    // The default of reconnect.max-delay, and what connecting and registering takes on a busy machine.
    private static readonly TimeSpan BackOffCap = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(5);

    [Fact(Timeout = 150_000)]
    public async Task Server_GoneForThirtySeconds_IsServedAgainWithinTheBackOffCap()
    {
        await using var nginx = await NginxService.StartAsync("location / { return 200 ok; }");
        await using var pico = await Deployment.StartAsync($"web/http://127.0.0.1:{nginx.Port}");
        Assert.True(await IsServedAsync(pico));

        await pico.Server.Process.DisposeAsync();
        await Task.Delay(Outage, TimeProvider.System, TestContext.Current.CancellationToken);
        await pico.Server.RestartAsync();
        var start = TimeProvider.System.GetTimestamp();

        await Deadline.UntilAsync("the agent is registered again", BackOffCap + Slack, async _ => await IsServedAsync(pico));
        output.WriteLine($"Registered again after {TimeProvider.System.GetElapsedTime(start).TotalSeconds:F1} s.");
    }

    [Fact(Timeout = 180_000)]
    public async Task Server_GoneForFiveHundredAgents_TheyComeBackSpread()
    {
        await using var server = await ServerProcess.StartAsync();
        await using var door = CountingDoor.To(server.Upstream);
        using var stop = new CancellationTokenSource();
        var agents = Enumerable.Range(0, Agents).Select(i => new PicoAgent(Options(i, door.Port), NullLoggerFactory.Instance, TimeProvider.System)).ToList();
        var running = agents.Select(agent => agent.RunAsync(stop.Token)).ToList();
        try
        {
            await Deadline.UntilAsync("all agents are registered", TimeSpan.FromSeconds(60), async _ => await CountUpstreamsAsync(server) == Agents);
            await server.Process.DisposeAsync();
            await Task.Delay(Outage, TimeProvider.System, TestContext.Current.CancellationToken);

            var start = TimeProvider.System.GetTimestamp();
            await server.RestartAsync();
            await Deadline.UntilAsync("all agents are registered again", BackOffCap + Slack, async _ => await CountUpstreamsAsync(server) == Agents);

            output.WriteLine($"Connects in each second after the server's return: {string.Join(' ', door.Histogram(start, TimeSpan.FromSeconds(1)))}");
            Assert.All(door.Histogram(start, TimeSpan.FromMilliseconds(100)), count => Assert.InRange(count, 0, Agents / 10));
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(running);
            foreach (var agent in agents)
                await agent.DisposeAsync();
        }
    }

    private static AgentOptions Options(int number, int port) => new()
    {
        Endpoints = [new() { Id = $"agent-{number}", Host = "127.0.0.1", Port = 9 }],
        Servers = [new($"ws://127.0.0.1:{port}")],
        Connections = 1,
        GracePeriod = TimeSpan.Zero,
    };

    private static async Task<bool> IsServedAsync(Deployment pico) =>
        (await Curl.RunAsync(["-H", "x-pico-endpoint: web", pico.Proxy.ToString()])).Text == "ok";

    private static async Task<int> CountUpstreamsAsync(ServerProcess server)
    {
        using var status = JsonDocument.Parse(await Readiness.GetAsync(new(server.Admin, "/status")));
        return status.RootElement.GetProperty("endpoints").GetArrayLength();
    }
}
