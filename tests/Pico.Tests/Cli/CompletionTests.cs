using System.Net;
using System.Net.Sockets;
using Pico.Tests.Server;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Cli;

/// <summary>What <c>pico</c> offers a shell for the word under the cursor.</summary>
public sealed class CompletionTests
{
    [Theory]
    [InlineData("pico st", "status")]
    [InlineData("/usr/local/bin/pico st", "status")]
    [InlineData("pico completion ", "bash zsh fish")]
    [InlineData("pico token ", "key mint inspect")]
    [InlineData("pico token mi", "mint")]
    [InlineData("pico status e", "endpoints endpoint")]
    [InlineData("pico status ch", "check")]
    [InlineData("pico status nodes --outp", "--output")]
    [InlineData("pico status --output ", "table wide json yaml")]
    [InlineData("pico status --output y", "yaml")]
    [InlineData("pico status --output=y", "--output=yaml")]
    [InlineData("pico status --output=yaml --sort l", "latency")]
    [InlineData("pico status --search 'a b' --state d", "degraded")]
    [InlineData("pico status --search a\\ b --state d", "degraded")]
    [InlineData("pico status --watch no", "nodes")]
    [InlineData("pico status --watch=f", "--watch=false")]
    [InlineData("pico server --config ", "<files>")]
    [InlineData("pico server --proxy.tls.certificate-file=/etc/x", "<files>")]
    [InlineData("pico server --log.level d", "debug")]
    [InlineData("pico version --", "--help")]
    [InlineData("pico no-such-verb ", "")]
    [InlineData("pico", "")]
    [InlineData("", "")]
    public async Task Candidates_ForALine_AreWhatMayStandThere(string line, string expected) =>
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries), await CompleteAsync(line));

    [Fact]
    public async Task Verbs_AtTheBeginning_AreAllButTheHiddenOne()
    {
        var verbs = await CompleteAsync("pico ");

        Assert.Superset(new HashSet<string>(["server", "agent", "forward", "status", "bench", "completion", "version"]), verbs.ToHashSet());
        Assert.DoesNotContain("reference", verbs);
    }

    [Fact]
    public async Task Flag_GivenAlready_IsOfferedAgainOnlyIfItTakesSeveralValues()
    {
        var flags = await CompleteAsync("pico agent --endpoints a/1 --log.level debug --");

        Assert.Contains("--endpoints", flags);
        Assert.Contains("--help", flags);
        Assert.DoesNotContain("--log.level", flags);
    }

    [Fact]
    public async Task EndpointIds_OfTheServerThatIsNamed_AreOffered()
    {
        await using var server = await TestServer.StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        Assert.All(await Task.WhenAll(((string[])["orders", "orders-eu", "web"]).Select(id => agent.RegisterAsync(id, EndpointProtocol.Http))), Assert.Null);
        var admin = $"http://{server.Server.AdminAddress}";

        Assert.Equal(["orders", "orders-eu", "web"], await CompleteAsync($"pico status --server {admin} endpoint "));
        Assert.Equal(["orders", "orders-eu"], await CompleteAsync($"pico status endpoint --server={admin} o"));
        Assert.Equal(["web"], await CompleteAsync("pico status check w", new() { ["PICO_SERVER"] = admin }));
        Assert.Equal(["node-1"], await CompleteAsync($"pico status --server {admin} --node "));
        Assert.Empty(await CompleteAsync($"pico status --server {admin} nodes "));
    }

    [Fact]
    public async Task EndpointIds_OfAServerThatTakesConnectionsAndSaysNothing_AreGivenUpSoon()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var start = TimeProvider.System.GetTimestamp();

        var (exitCode, output, error) = await CommandLine.RunAsync("[complete]", $"pico status --timeout 1m --server http://{silent.LocalEndpoint} endpoint ");

        Assert.Equal((0, "", ""), (exitCode, output, error));
        // A second, and what else runs on the machine; the verb itself would wait for a minute.
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Descriptions_OfVerbsAndFlags_StandBehindATab()
    {
        var (_, output, _) = await CommandLine.RunAsync("[complete]", "pico status --outp");

        Assert.StartsWith("--output\ttable fits the terminal", output, StringComparison.Ordinal);
    }

    private static async Task<string[]> CompleteAsync(string line, Dictionary<string, string>? environment = null)
    {
        var (exitCode, output, error) = await CommandLine.RunInAsync(environment ?? [], "[complete]", line);
        Assert.Equal((0, ""), (exitCode, error));
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t')[0])];
    }
}
