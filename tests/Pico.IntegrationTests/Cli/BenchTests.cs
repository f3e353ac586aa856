using System.Text.Json;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Cli;

/// <summary><c>pico bench</c> as a process: nginx behind an agent, and Ctrl-C.</summary>
public sealed class BenchTests
{
    private const int Interrupt = 2;

    [Fact]
    public async Task Bench_AtARate_KeepsItAndTellsLatenciesStatusesAndBytes()
    {
        await using var nginx = await NginxService.StartAsync("location / { return 200 'hello\\n'; }");
        await using var deployment = await Deployment.StartAsync($"web/127.0.0.1:{nginx.Port}");

        var bench = await PicoProgram.RunAsync(
            "bench", "web", "--server", Proxy(deployment), "--rate", "100", "--requests", "200", "--connections", "20", "--output", "json");

        using var result = JsonDocument.Parse(bench.Succeeded().Text);
        Assert.Equal(200, result.RootElement.GetProperty("requests").GetInt32());
        Assert.True(result.RootElement.GetProperty("seconds").GetDouble() >= 1.99);
        Assert.Equal(200, result.RootElement.GetProperty("statuses").GetProperty("200").GetInt32());
        Assert.Equal(200 * "hello\n".Length, result.RootElement.GetProperty("bytes").GetInt32());
        Assert.Equal(0, result.RootElement.GetProperty("failed").GetInt32());
        Assert.True(result.RootElement.GetProperty("latencyMilliseconds").GetProperty("p99").GetDouble() > 0);
        Assert.Contains("This is real load", bench.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("%", bench.Error, StringComparison.Ordinal); // no bar: nobody looks
    }

    [Fact]
    public async Task Bench_WithABody_PostsItWithItsHeaders()
    {
        await using var nginx = await NginxService.StartAsync("location / { if ($http_content_type != 'text/x-test') { return 415; } if ($request_method != POST) { return 405; } return 200 'ok'; }");
        await using var deployment = await Deployment.StartAsync($"web/127.0.0.1:{nginx.Port}");

        var bench = await PicoProgram.RunAsync(
            "bench", "web", "--server", Proxy(deployment), "--requests", "20", "--connections", "2", "--body", "some text", "--header", "Content-Type: text/x-test");

        Assert.Matches("requests +20 in", bench.Succeeded().Text);
        Assert.Matches("status +200: 20", bench.Text);
    }

    [Fact]
    public async Task CtrlC_DuringARun_PrintsWhatWasMeasuredSoFar()
    {
        await using var nginx = await NginxService.StartAsync("location / { return 200 'hello\\n'; }");
        await using var deployment = await Deployment.StartAsync($"web/127.0.0.1:{nginx.Port}");
        await using var bench = PicoProgram.StartInForeground("bench", "web", "--server", Proxy(deployment), "--duration", "1h", "--connections", "2");
        await bench.WaitUntilAsync("the run has begun", () => bench.Log.Contains("This is real load", StringComparison.Ordinal));
        await bench.WaitUntilAsync("nginx was asked", async _ => (await Readiness.GetAsync(new(deployment.Server.Admin, "/metrics"))).Contains("pico_requests_total{", StringComparison.Ordinal));

        bench.Signal(Interrupt);

        Assert.Equal(0, await bench.WaitForExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Matches("requests +[0-9]+ in", bench.Log);
        Assert.Matches("latency +p50", bench.Log);
    }

    [Fact]
    public async Task Bar_OnATerminal_GrowsWhileTheRunGoesOn()
    {
        await using var nginx = await NginxService.StartAsync("location / { return 200 'hello\\n'; }");
        await using var deployment = await Deployment.StartAsync($"web/127.0.0.1:{nginx.Port}");

        // `script` gives the program a terminal.
        var bench = await new Command(new Tool("script", "bsdutils"), "--quiet", "--return", "--command", $"{string.Join(' ', PicoProgram.Pico)} bench web --server {Proxy(deployment)} --duration 2s --connections 1", "/dev/null")
        {
            Environment = new Dictionary<string, string> { ["TERM"] = "xterm", ["COLUMNS"] = "100" },
        }.RunAsync();

        Assert.Matches("[1-9][0-9]%", bench.Succeeded().Text);
        Assert.Matches("latency +p50", bench.Text);
    }

    private static string Proxy(Deployment deployment) => deployment.Proxy.GetLeftPart(UriPartial.Authority);
}
