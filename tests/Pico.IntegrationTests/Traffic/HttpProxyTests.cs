using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Traffic;

/// <summary>Agents and <c>pico forward</c> behind a corporate proxy (Tinyproxy).</summary>
public sealed class HttpProxyTests
{
    [Theory(Timeout = 120_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AgentAndForward_BehindAProxy_ReachTheServerThroughIt(bool tls)
    {
        using var folder = new TempFolder();
        var certificate = await Certificates.MakeAsync(folder, "pico.example");
        await using var proxy = await TinyProxyService.StartAsync();
        await using var redis = await RedisService.StartAsync();
        await using var server = await ServerProcess.StartAsync(tls
            ? ["--proxy.tls.certificate-file", certificate.Certificate, "--proxy.tls.key-file", certificate.Key,
                "--upstream.tls.certificate-file", certificate.Certificate, "--upstream.tls.key-file", certificate.Key]
            : []);
        string[] options = [.. tls ? ["--server-tls.ca-file", certificate.Certificate] : Array.Empty<string>(), "--http-proxy", proxy.Url, "--log.level", "debug"];
        await using var agent = await AgentProcess.StartAsync(server.Upstream, $"cache/tcp://127.0.0.1:{redis.Port}", options);
        await using var forward = await ForwardProcess.StartAsync(server.Proxy, "cache", options);

        var bench = await Command.RunAsync(Tool.RedisBenchmark, "-p", $"{forward.Port}", "-c", "5", "-n", "500", "-t", "set,get", "--csv");

        Assert.Contains("\"GET\"", bench.Succeeded().Text, StringComparison.Ordinal);
        await Deadline.UntilAsync("the proxy has logged both", TimeSpan.FromSeconds(20), () =>
            proxy.Log.Contains($"CONNECT {server.Upstream.Authority}", StringComparison.Ordinal) && proxy.Log.Contains($"CONNECT {server.Proxy.Authority}", StringComparison.Ordinal));
        Assert.Contains($"through the proxy http://127.0.0.1:{proxy.Port}", agent.Process.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(TinyProxyService.Password, agent.Process.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(TinyProxyService.User, agent.Process.Log, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task Agent_WithAWrongPassword_SaysSo()
    {
        await using var proxy = await TinyProxyService.StartAsync();
        await using var server = await ServerProcess.StartAsync();
        await using var agent = AgentProcess.Launch(server.Upstream, "web/80", "--http-proxy", $"http://{TinyProxyService.User}:wrong-2846@127.0.0.1:{proxy.Port}");

        await agent.Process.WaitUntilAsync("it says why", () => agent.Process.Log.Contains("refuses the user and password of its URL", StringComparison.Ordinal));

        Assert.DoesNotContain("wrong-2846", agent.Process.Log, StringComparison.Ordinal);
    }
}
