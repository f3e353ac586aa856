using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Failures;

/// <summary>What was sent to nobody is tried elsewhere.</summary>
public sealed class RetryTests
{
    [Theory(Timeout = 90_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Endpoint_WithOneDeadServiceOfTwo_LosesNoRequest(string version)
    {
        await using var nginx = await NginxService.StartAsync("location / { return 200 ok; }");
        await using var pico = await Deployment.StartAsync($"web/http://127.0.0.1:{nginx.Port}");
        await using var dead = await AgentProcess.StartAsync(pico.Server.Upstream, $"web/http://127.0.0.1:{Ports.Free()}");

        for (var i = 0; i < 30; i++)
        {
            var reply = await Curl.RunAsync([version, "-X", "POST", "-d", "body", "-H", "x-pico-endpoint: web", pico.Proxy.ToString()]);
            Assert.Equal("ok", reply.Succeeded().Text);
        }
    }

    [Fact(Timeout = 90_000)]
    public async Task Agent_KilledUnderLoad_TheOtherServesWhatComesAfter()
    {
        await using var nginx = await NginxService.StartAsync("location / { return 200 ok; }");
        await using var pico = await Deployment.StartAsync($"web/http://127.0.0.1:{nginx.Port}");
        await using var other = await AgentProcess.StartAsync(pico.Server.Upstream, $"web/http://127.0.0.1:{nginx.Port}");
        await using var client = await RawConnection.ConnectAsync(pico.Proxy);

        for (var i = 0; i < 300; i++)
        {
            if (i == 100)
                await pico.Agent.DisposeAsync();
            await client.SendAsync("GET / HTTP/1.1\r\nHost: web.pico.example\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 200 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
            Assert.Equal("ok", await client.ReadTextAsync(2));
        }
    }
}
