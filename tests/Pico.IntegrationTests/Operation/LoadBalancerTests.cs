using System.Text.Json;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Operation;

/// <summary>All three HTTP ports behind HAProxy.</summary>
public sealed class LoadBalancerTests
{
    [Fact(Timeout = 120_000)]
    public async Task HAProxy_ThatClosesIdleConnections_LeavesTunnelsAndLosesNoRequest()
    {
        await using var nginx = await NginxService.StartAsync("location / { return 200 ok; }");
        await using var server = await ServerProcess.StartAsync();
        await using var balancer = await HAProxyService.StartAsync(server, idle: TimeSpan.FromSeconds(2), tunnelIdle: TimeSpan.FromSeconds(14));
        await using var agent = await AgentProcess.StartAsync(balancer.Upstream, $"web/http://127.0.0.1:{nginx.Port}", "--connections", "1");

        Assert.Equal("ok", await GetAsync(balancer));
        Assert.True(await Readiness.IsOkAsync(new(balancer.Admin, "/ready"), TestContext.Current.CancellationToken));
        var since = await TunnelsSinceAsync(agent);

        // Twice as long as HAProxy lets a silent tunnel live, and the idle connections between it and the server's proxy port are long closed.
        await Task.Delay(TimeSpan.FromSeconds(30), TimeProvider.System, TestContext.Current.CancellationToken);

        for (var i = 0; i < 20; i++)
            Assert.Equal("ok", await GetAsync(balancer));
        Assert.Equal(since, await TunnelsSinceAsync(agent));
    }

    private static async Task<string> GetAsync(HAProxyService balancer) =>
        (await Curl.RunAsync(["-H", "x-pico-endpoint: web", balancer.Proxy.ToString()])).Succeeded().Text;

    private static async Task<string> TunnelsSinceAsync(AgentProcess agent)
    {
        using var status = JsonDocument.Parse(await Readiness.GetAsync(new(agent.Admin, "/status")));
        return status.RootElement.GetProperty("tunnels").EnumerateArray().Single().GetProperty("since").GetString()!;
    }
}
