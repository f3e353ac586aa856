namespace Pico.Tests.Cli;

public sealed class UsageTests
{
    [Theory]
    [InlineData("--proxy.bind-adr :1", "--proxy.bind-adr: no such option; did you mean --proxy.bind-addr?")]
    [InlineData("--proxy.bind-addr", "proxy.bind-addr (--proxy.bind-addr): has no value")]
    [InlineData("--proxy.bind-addr :1 --proxy.bind-addr :2", "given 2 times; only one value is allowed")]
    [InlineData("--proxy.proxy-protocol=maybe", "proxy.proxy-protocol (--proxy.proxy-protocol): 'maybe' is not allowed; allowed: true or false")]
    [InlineData("surplus", "surplus (command line): unexpected argument")]
    [InlineData("--admin.bind-addr :8000", "admin.bind-addr (--admin.bind-addr): ':8000' is not allowed; allowed: an address of its own")]
    [InlineData("--proxy.tls.key-file /nowhere", "allowed: the path of a file that exists")]
    public async Task Server_WithAMistake_IsRefusedWithExitCode2(string commandLine, string expected)
    {
        var (exitCode, output, error) = await CommandLine.RunAsync(["server", .. commandLine.Split(' ')]);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Contains("'pico server --help'", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mistakes_OfAllSources_AreToldAtOnce()
    {
        var (exitCode, _, error) = await CommandLine.RunInAsync(
            new() { ["PICO_LOG_LEVEL"] = "loud", ["PICO_LGO_FORMAT"] = "json" }, "server", "--unknown", "--grace-period", "soon", "--log.format");

        Assert.Equal(2, exitCode);
        Assert.All(
            ["log.level (PICO_LOG_LEVEL): 'loud'", "PICO_LGO_FORMAT (environment)", "--unknown: no such option", "grace-period (--grace-period): 'soon'", "log.format (--log.format): has no value"],
            line => Assert.Contains(line, error, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("agent", "endpoints: nothing to serve; give --endpoints or --endpoints-file")]
    [InlineData("agent --endpoints a/1,a/2,b", "Endpoint \"a\" is given twice")]
    [InlineData("agent --endpoints a/1,a/2,b", "\"b\" is no endpoint")]
    [InlineData("agent --endpoints a/1 --server tcp://host", "server (--server): 'tcp://host' is not allowed; allowed: a list, each item a URL ws://host:port")]
    [InlineData("agent --endpoints a/1 --reconnect.min-delay 1m", "reconnect.max-delay: less than reconnect.min-delay")]
    [InlineData("forward 5432", "<endpoint>: is missing")]
    [InlineData("forward port DB-", "<port>: 'port' is not allowed")]
    [InlineData("forward port DB-", "<endpoint>: 'DB-' is not allowed")]
    [InlineData("status somewhere", "<what>: 'somewhere' is not allowed; allowed: one of nodes, endpoints, endpoint, upstreams, tunnels, gossip, all")]
    [InlineData("status check", "<id>: is missing")]
    [InlineData("status check DB-", "<id>: 'DB-' is not allowed")]
    [InlineData("status endpoint", "<id>: is missing")]
    [InlineData("status nodes web", "<id>: 'web' is too much")]
    [InlineData("status nodes --state failing", "--state is not for this list; it takes --search, --zone")]
    [InlineData("status --search x", "--search is not for this list; it takes no filter")]
    [InlineData("token", "pico token: a verb is missing")]
    [InlineData("token mnt", "pico token: no such verb: mnt; did you mean mint?")]
    [InlineData("token key --algorithm none", "algorithm (--algorithm): 'none' is not allowed; allowed: HS256")]
    [InlineData("token key --name ../x", "name (--name): '../x' is not allowed")]
    [InlineData("token mint", "key: is missing")]
    [InlineData("token mint --endpoints -bad", "endpoints (--endpoints): '-bad' is not allowed")]
    [InlineData("token inspect", "give the token, or - for standard input, or --file")]
    [InlineData("token inspect a.b.c --file /etc/hostname", "and only one of these")]
    [InlineData("sevrer", "no such verb: sevrer; did you mean server?")]
    [InlineData("", "a verb is missing")]
    public async Task Verb_WithAMistake_IsRefusedWithExitCode2(string commandLine, string expected)
    {
        var (exitCode, _, error) = await CommandLine.RunAsync(commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(2, exitCode);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Variables_OfOtherVerbs_AreLeftAlone()
    {
        var (exitCode, _, _) = await CommandLine.RunInAsync(
            new() { ["PICO_PROXY_BIND_ADDR"] = "not asked", ["PICO_ENDPOINTS"] = "a/1" }, "forward", "--print-config");

        Assert.Equal(0, exitCode);
    }

    [Fact]
    public async Task PrintConfig_OfItsOwnOutput_GivesTheSame()
    {
        var (_, first, _) = await CommandLine.RunAsync("server", "--proxy.trusted-proxies", "10.0.0.0/8", "--proxy.trusted-proxies", "::1", "--print-config");
        var values = string.Join('\n', first.Split('\n').Select(l => l.Split("  #")[0]).Where(l => !l.EndsWith(": ''", StringComparison.Ordinal)));
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, values, TestContext.Current.CancellationToken);
            var (exitCode, second, error) = await CommandLine.RunAsync("server", "--config", file, "--print-config");

            Assert.Equal((0, ""), (exitCode, error));
            Assert.Contains("trusted-proxies: '10.0.0.0/8,::1'", first, StringComparison.Ordinal);
            Assert.Equal(first.Split('\n').Select(l => l.Split("  #")[0]), second.Split('\n').Select(l => l.Split("  #")[0]));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
