using System.Net.WebSockets;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Failures;

/// <summary>Strangers at the upstream port end their own tunnel, and nothing else.</summary>
public sealed class BadTunnelPeerTests(ITestOutputHelper output)
{
    private const int Strangers = 200;

    [Fact(Timeout = 120_000)]
    public async Task Strangers_SendingNonsense_EndAloneWithAReasonInTheLog()
    {
        var seed = Environment.GetEnvironmentVariable("PICO_TEST_SEED") is { Length: > 0 } given ? int.Parse(given) : Random.Shared.Next();
        output.WriteLine($"PICO_TEST_SEED={seed}");
        var random = new Random(seed);
        await using var nginx = await NginxService.StartAsync("location / { return 200 ok; }");
        await using var pico = await Deployment.StartAsync($"web/http://127.0.0.1:{nginx.Port}", server: ["--log.level", "debug"]);
        await using var neighbour = await RawConnection.ConnectAsync(pico.Proxy);

        for (var i = 0; i < Strangers; i++)
        {
            var nonsense = new byte[random.Next(1, 5000)];
            random.NextBytes(nonsense);
            await SendNonsenseAsync(pico.Server.Upstream, nonsense);
            await neighbour.SendAsync("GET / HTTP/1.1\r\nHost: a.example\r\nx-pico-endpoint: web\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 200 ", await neighbour.ReadHeadAsync(), StringComparison.Ordinal);
            Assert.Equal("ok", await neighbour.ReadTextAsync(2));
        }

        Assert.False(pico.Server.Process.HasExited);
        Assert.Contains("does not speak the tunnel protocol", pico.Server.Process.Log, StringComparison.Ordinal);
    }

    private static async Task SendNonsenseAsync(Uri upstream, byte[] nonsense)
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("pico.v1");
        using var deadline = Deadline.After(TimeSpan.FromSeconds(20));
        await socket.ConnectAsync(new(upstream, "/pico/v1/tunnel"), deadline.Token);
        await socket.SendAsync(nonsense, WebSocketMessageType.Binary, true, deadline.Token);
        var buffer = new byte[1024];
        try
        {
            // Until the server has ended it, in whatever way.
            while ((await socket.ReceiveAsync(buffer, deadline.Token)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        catch (WebSocketException)
        {
            // Ended without a close frame.
        }
    }
}
