using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Cli;

/// <summary><c>pico check</c> against servers that work, and that do not.</summary>
public sealed class CheckTests
{
    [Fact]
    public async Task Check_OfARunningServer_SendsItsRequestsAllTheWay()
    {
        await using var server = await ServerProcess.StartAsync();

        var check = await PicoProgram.RunAsync("check", "--server", $"{server.Upstream}", "--proxy", $"{server.Proxy}", "--requests", "3", "--endpoint", "my-check");

        Assert.Contains("3 requests to the endpoint my-check came back", check.Succeeded().Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_OfAServerThatNoAgentReaches_SaysWhatTheProxyAnswered()
    {
        await using var server = await ServerProcess.StartAsync();

        var check = await PicoProgram.RunAsync("check", "--server", $"ws://localhost:{Ports.Free()}", "--proxy", $"{server.Proxy}", "--timeout", "2s");

        Assert.Equal(1, check.ExitCode);
        Assert.Contains("did not pass 10 requests in a row", check.Error, StringComparison.Ordinal);
        Assert.Contains("no_available_upstreams", check.Error, StringComparison.Ordinal);
    }
}
