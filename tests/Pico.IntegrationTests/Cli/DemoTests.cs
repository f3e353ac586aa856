using System.Text.Json;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Cli;

/// <summary><c>pico demo</c>, and <c>pico status</c> of it.</summary>
public sealed class DemoTests
{
    private const int Terminate = 15;

    [Fact]
    public async Task Demo_FromStartToEnd_ShowsARequestServesAndStopsCleanly()
    {
        var (proxy, admin) = (Ports.Free(), Ports.Free());
        await using var demo = PicoProgram.Start(
            "demo", "--proxy.bind-addr", $"localhost:{proxy}", "--upstream.bind-addr", "localhost:0", "--admin.bind-addr", $"localhost:{admin}");
        await demo.WaitUntilAsync("the demo is up", _ => Task.FromResult(demo.Log.Contains("Ctrl-C ends it.", StringComparison.Ordinal)));

        Assert.Contains("GET /hello through the tunnel: 200", demo.Log, StringComparison.Ordinal);
        Assert.Contains($"curl -H \"x-pico-endpoint: demo\" localhost:{proxy}", demo.Log, StringComparison.Ordinal);
        var curl = await Command.RunAsync(Tool.Curl, "-sS", "--noproxy", "*", "-H", "x-pico-endpoint: demo", $"localhost:{proxy}/some/path?q=1");
        Assert.Contains("You sent: GET /some/path?q=1", curl.Succeeded().Text, StringComparison.Ordinal);

        var tables = await PicoProgram.RunAsync("status", "--server", $"http://localhost:{admin}");
        Assert.All(["NODE", "ENDPOINT", "demo"], word => Assert.Contains(word, tables.Succeeded().Text, StringComparison.Ordinal));
        var json = await PicoProgram.RunAsync("status", "upstreams", "--server", $"http://localhost:{admin}", "--output", "json");
        using var upstreams = JsonDocument.Parse(json.Succeeded().Text);
        Assert.Equal("demo", Assert.Single(upstreams.RootElement.EnumerateArray()).GetProperty("endpoint").GetString());

        demo.Signal(Terminate);
        Assert.Equal(0, await demo.WaitForExitAsync(TimeSpan.FromSeconds(30)));
        Assert.EndsWith("Stopped.", demo.Log, StringComparison.Ordinal);
    }
}
