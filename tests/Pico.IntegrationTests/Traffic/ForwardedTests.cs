using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Traffic;

/// <summary>What a service learns of the client, and whom Pico believes.</summary>
public sealed class ForwardedTests
{
    private const string Show =
        "location / { return 200 \"for=$http_x_forwarded_for proto=$http_x_forwarded_proto host=$http_x_forwarded_host forwarded=$http_forwarded\"; }";

    [Fact(Timeout = 60_000)]
    public async Task Headers_OfAStranger_AreReplaced()
    {
        await using var nginx = await NginxService.StartAsync(Show);
        await using var pico = await Deployment.StartAsync($"web/http://127.0.0.1:{nginx.Port}");

        var reply = await Curl.RunAsync([
            "-H", "x-pico-endpoint: web", "-H", "X-Forwarded-For: 192.0.2.1", "-H", "X-Forwarded-Proto: https", "-H", "Forwarded: for=192.0.2.1",
            "--interface", "127.0.0.7", pico.Proxy.ToString()]);

        Assert.StartsWith("for=127.0.0.7 proto=http ", reply.Succeeded().Text, StringComparison.Ordinal);
        Assert.DoesNotContain("192.0.2.1", reply.Text, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Headers_OfATrustedProxy_AreContinued()
    {
        await using var nginx = await NginxService.StartAsync(Show);
        await using var pico = await Deployment.StartAsync($"web/http://127.0.0.1:{nginx.Port}", server: ["--proxy.trusted-proxies", "127.0.0.0/8"]);

        var reply = await Curl.RunAsync([
            "-H", "x-pico-endpoint: web", "-H", "X-Forwarded-For: 192.0.2.1", "-H", "X-Forwarded-Proto: https",
            "--interface", "127.0.0.7", pico.Proxy.ToString()]);

        Assert.StartsWith("for=192.0.2.1, 127.0.0.7 proto=https ", reply.Succeeded().Text, StringComparison.Ordinal);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("send-proxy")]
    [InlineData("send-proxy-v2")]
    public async Task ProxyProtocol_FromHAProxy_GivesTheClientsAddress(string version)
    {
        await using var nginx = await NginxService.StartAsync(Show);
        await using var pico = await Deployment.StartAsync($"web/http://127.0.0.1:{nginx.Port}", server: ["--proxy.proxy-protocol", "true"]);
        await using var balancer = await HAProxyService.StartAsync(pico.Server, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10), version);

        var reply = await Curl.RunAsync(["-H", "x-pico-endpoint: web", "--interface", "127.0.0.9", balancer.Proxy.ToString()]);

        Assert.StartsWith("for=127.0.0.9 ", reply.Succeeded().Text, StringComparison.Ordinal);
    }
}
