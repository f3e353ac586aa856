using System.Net;
using System.Net.Sockets;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Cli;

/// <summary>What the executables tell their parent: 0 clean, 1 failure, 2 usage.</summary>
public sealed class ExitCodeTests
{
    private const int Terminate = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("version")]
    [InlineData("server", "--help")]
    [InlineData("agent", "--help")]
    [InlineData("forward", "--print-config")]
    public async Task Verb_ThatDidWhatWasAsked_EndsWith0(string verb, params string[] arguments)
    {
        var result = await PicoProgram.RunAsync(verb, arguments);

        Assert.NotEmpty(result.Succeeded().Text);
    }

    [Theory]
    [InlineData("server", "--proxy.bind-addr", "nowhere")]
    [InlineData("agent")]
    [InlineData("forward", "db")]
    [InlineData("status", "--output", "xml")]
    [InlineData("no-such-verb")]
    public async Task Verb_WithAMistake_EndsWith2AndSaysSoOnStandardError(string verb, params string[] arguments)
    {
        var result = await PicoProgram.RunAsync(verb, arguments);

        Assert.Equal((2, ""), (result.ExitCode, result.Text));
        Assert.Contains("--help", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("server", "--upstream.bind-addr", "127.0.0.1:0", "--admin.bind-addr", "127.0.0.1:0", "--proxy.bind-addr")]
    [InlineData("demo", "--upstream.bind-addr", "127.0.0.1:0", "--admin.bind-addr", "127.0.0.1:0", "--proxy.bind-addr")]
    [InlineData("agent", "--endpoints", "a/1", "--server", "ws://127.0.0.1:1", "--bind-addr")]
    public async Task Verb_WhosePortIsTaken_EndsWith1AndNamesOptionAndPort(string verb, params string[] arguments)
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        var address = taken.LocalEndPoint!.ToString()!;

        var result = await PicoProgram.RunAsync(verb, [.. arguments, address]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(address, result.Error, StringComparison.Ordinal);
        Assert.Contains("bind-addr", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_WithoutAServer_EndsWith1()
    {
        var result = await PicoProgram.RunAsync("status", "--server", $"http://127.0.0.1:{Ports.Free()}");

        Assert.Equal((1, ""), (result.ExitCode, result.Text));
        Assert.Contains("cannot be asked", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_ThatIsTerminated_DrainsAndEndsWith0()
    {
        await using var server = await StartServerAsync("--drain-delay", "0");

        server.Signal(Terminate);

        Assert.Equal(0, await server.WaitForExitAsync(Patience));
        Assert.Contains("The node has stopped", server.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_ThatIsTerminatedTwice_EndsAtOnceWith1()
    {
        // It would drain for ten minutes.
        await using var server = await StartServerAsync("--drain-delay", "10m", "--grace-period", "20m");
        server.Signal(Terminate);
        await server.WaitUntilAsync("the server drains", _ => Task.FromResult(server.Log.Contains("The node drains", StringComparison.Ordinal)));

        server.Signal(Terminate);

        Assert.Equal(1, await server.WaitForExitAsync(Patience));
    }

    [Fact]
    public async Task Agent_ThatIsTerminatedWithoutAServer_EndsWith0()
    {
        await using var agent = PicoProgram.Start("agent", "--endpoints", "a/1", "--server", $"ws://127.0.0.1:{Ports.Free()}");
        await agent.WaitUntilAsync("the agent tries to connect", _ => Task.FromResult(agent.Log.Contains("cannot be reached", StringComparison.Ordinal)));

        agent.Signal(Terminate);

        Assert.Equal(0, await agent.WaitForExitAsync(Patience));
    }

    private static async Task<BackgroundProcess> StartServerAsync(params string[] options)
    {
        var server = PicoProgram.Start(
            "server", ["--proxy.bind-addr", "127.0.0.1:0", "--upstream.bind-addr", "127.0.0.1:0", "--admin.bind-addr", "127.0.0.1:0", .. options]);
        await server.WaitUntilAsync("the server listens", _ => Task.FromResult(server.Log.Contains("listens for clients", StringComparison.Ordinal)));
        return server;
    }
}
