using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Operation;

/// <summary>How processes start, change and stop, as an operator sees it.</summary>
public sealed class LifecycleTests
{
    private const int Sigterm = 15;

    [Theory(Timeout = 90_000)]
    [InlineData("server")]
    [InlineData("agent")]
    public async Task Sigterm_WithARequestInFlight_LetsItFinishAndEndsWithZero(string who)
    {
        var arrived = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        await using var service = RawService.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf.");
            arrived.TrySetResult();
            await answer.Task;
            await connection.SendAsync("whole");
        });
        await using var pico = await Deployment.StartAsync($"web/http://127.0.0.1:{service.Port}");
        var process = who == "server" ? pico.Server.Process : pico.Agent.Process;
        var admin = who == "server" ? pico.Server.Admin : pico.Agent.Admin;

        var request = Curl.RunAsync(["-H", "x-pico-endpoint: web", pico.Proxy.ToString()]);
        await arrived.Task;
        process.Signal(Sigterm);
        await process.WaitUntilAsync("it drains", async token => !await Readiness.IsOkAsync(new(admin, "/ready"), token));
        answer.SetResult();

        Assert.Equal("half.whole", (await request).Succeeded().Text);
        Assert.Equal(0, await process.WaitForExitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact(Timeout = 90_000)]
    public async Task EndpointsFile_Changed_TakesEffectWithoutTouchingTheOthers()
    {
        using var folder = new TempFolder();
        await using var one = await NginxService.StartAsync("location / { return 200 one; }");
        await using var two = await NginxService.StartAsync("location / { return 200 two; }");
        var file = folder.Write("endpoints.yaml", "");
        await using var pico = await Deployment.StartAsync($"kept/http://127.0.0.1:{one.Port}", agent: ["--endpoints-file", file]);
        Assert.Equal("one", await GetAsync(pico, "kept"));

        await File.WriteAllTextAsync(file, $"endpoints:\n- id: added\n  address: http://127.0.0.1:{one.Port}\n", TestContext.Current.CancellationToken);
        await Deadline.UntilAsync("added is served", TimeSpan.FromSeconds(20), async _ => await GetAsync(pico, "added") == "one");
        await File.WriteAllTextAsync(file, $"endpoints:\n- id: added\n  address: http://127.0.0.1:{two.Port}\n", TestContext.Current.CancellationToken);
        await Deadline.UntilAsync("added has changed", TimeSpan.FromSeconds(20), async _ => await GetAsync(pico, "added") == "two");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        await Deadline.UntilAsync(
            "added is gone", TimeSpan.FromSeconds(20), async _ => (await GetAsync(pico, "added")).Contains("no_available_upstreams", StringComparison.Ordinal));

        Assert.Equal("one", await GetAsync(pico, "kept"));
    }

    [Fact(Timeout = 90_000)]
    public async Task Service_Unhealthy_IsWithdrawnUntilItRecovers()
    {
        using var folder = new TempFolder();
        await using var nginx = await NginxService.StartAsync($"location = /ready {{ root {folder.Path}; }} location / {{ return 200 ok; }}");
        await using var server = await ServerProcess.StartAsync();
        await using var agent = AgentProcess.Launch(
            server.Upstream, $"web/http://127.0.0.1:{nginx.Port}?health=/ready&health-interval=200ms", "--connections", "1");
        folder.Write("ready", "yes");
        await Deadline.UntilAsync("it is served", TimeSpan.FromSeconds(20), async _ => await GetAsync(server.Proxy, "web") == "ok");

        File.Delete(folder.File("ready"));
        await Deadline.UntilAsync(
            "it is withdrawn", TimeSpan.FromSeconds(20), async _ => (await GetAsync(server.Proxy, "web")).Contains("no_available_upstreams", StringComparison.Ordinal));
        folder.Write("ready", "yes");
        await Deadline.UntilAsync("it is served again", TimeSpan.FromSeconds(20), async _ => await GetAsync(server.Proxy, "web") == "ok");
    }

    [Fact(Timeout = 90_000)]
    public async Task Status_ShowsWhoServesWhat()
    {
        await using var nginx = await NginxService.StartAsync("location / { return 200 ok; }");
        await using var pico = await Deployment.StartAsync($"web/http://127.0.0.1:{nginx.Port}", agent: ["--name", "the-agent"]);

        var endpoints = (await PicoProgram.RunAsync("status", "endpoints", "--server", pico.Server.Admin.ToString())).Succeeded();
        var upstreams = (await PicoProgram.RunAsync("status", "upstreams", "--server", pico.Server.Admin.ToString())).Succeeded();
        var metrics = await Readiness.GetAsync(new(pico.Server.Admin, "/metrics"));

        Assert.Contains("web", endpoints.Text, StringComparison.Ordinal);
        Assert.Contains("the-agent", upstreams.Text, StringComparison.Ordinal);
        Assert.Contains("# TYPE", metrics, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Options_Wrong_AreAllNamedAndTheExitCodeIsTwo()
    {
        var server = await PicoProgram.RunAsync("server", "--proxy.idle-timeout", "soon", "--admin.bind-addr", "nowhere:x");

        Assert.Equal(2, server.ExitCode);
        Assert.Contains("proxy.idle-timeout", server.Error, StringComparison.Ordinal);
        Assert.Contains("soon", server.Error, StringComparison.Ordinal);
        Assert.Contains("admin.bind-addr", server.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Agent_Native_IsSmallWhenIdle()
    {
        Assert.SkipWhen(PicoProgram.NativeAgent is null, "PICO_TEST_AGENT_BINARY names no native agent: make publish, then set it.");
        await using var nginx = await NginxService.StartAsync("location / { return 200 ok; }");
        await using var pico = await Deployment.StartAsync($"web/http://127.0.0.1:{nginx.Port}");
        Assert.Equal("ok", await GetAsync(pico, "web"));

        Assert.InRange(pico.Agent.Process.TotalResidentBytes, 0, 20_000_000);
    }

    private static Task<string> GetAsync(Deployment pico, string endpointId) => GetAsync(pico.Proxy, endpointId);

    private static async Task<string> GetAsync(Uri proxy, string endpointId) => (await Curl.RunAsync(["-H", $"x-pico-endpoint: {endpointId}", proxy.ToString()])).Text;
}
