using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Cli;

/// <summary>The scripts of <c>pico completion</c> in the shells themselves: bash and zsh on a terminal, with the Tab key; fish by what it would show.</summary>
public sealed class CompletionTests : IDisposable
{
    private const string Zsh = "autoload -Uz compinit; compinit -u -D; ";

    private readonly TempFolder _folder = new();

    private readonly string _path;

    public CompletionTests()
    {
        _path = ProgramFolder.Fill(_folder.File("programs"));
        _folder.Write("hosts.conf", "");
    }

    [Theory]
    [InlineData("pico sta", "pico status ")]
    [InlineData("pico status --output ", "table", "wide", "json", "yaml")]
    [InlineData("pico status --output=ya", "pico status --output=yaml ")]
    [InlineData("pico server --config=hosts", "pico server --config=hosts.conf ?")]
    public async Task Bash_OnTab_CompletesTheWordOrShowsWhatThereIs(string line, params string[] wanted) =>
        await TypeAsync(Tool.Bash, ["--norc", "-i"], "source <(pico completion bash)", line, wanted);

    [Theory]
    [InlineData("pico sta", "pico status ")]
    [InlineData("pico status --output=ya", "pico status --output=yaml ")]
    [InlineData("pico status ", "check +-- Walk a request's way", "endpoints")]
    [InlineData("pico server --config=hosts", "pico server --config=hosts.conf ")]
    public async Task Zsh_OnTab_CompletesTheWordOrShowsWhatThereIs(string line, params string[] wanted) =>
        await TypeAsync(Tool.Zsh, ["-f", "-i"], Zsh + "source <(pico completion zsh)", line, wanted);

    [Fact]
    public async Task Zsh_WithTheScriptInItsFunctionPath_LoadsItByItself()
    {
        var functions = Directory.CreateDirectory(_folder.File("functions")).FullName;
        await File.WriteAllTextAsync(Path.Combine(functions, "_pico"), (await PicoProgram.RunAsync("completion", "zsh")).Succeeded().Text, TestContext.Current.CancellationToken);

        await TypeAsync(Tool.Zsh, ["-f", "-i"], $"fpath=({functions} $fpath); {Zsh}", "pico sta", "pico status ");
    }

    [Theory]
    [InlineData("pico sta", "status\tShow the nodes, endpoints and tunnels that a server knows.")]
    [InlineData("pico status --output ", "json\ntable\nwide\nyaml")]
    [InlineData("pico status --output=ya", "--output=yaml")]
    [InlineData("pico server --config hosts", "hosts.conf")]
    [InlineData("pico server --config=hosts", "--config=hosts.conf")]
    public async Task Fish_AskedForCompletions_GivesTheWordsWithDescriptions(string line, string expected) =>
        Assert.Equal(expected, await FishAsync($"pico completion fish | source; complete -C '{line}'"));

    [Fact]
    public async Task EveryShell_AfterTheWordEndpoint_KnowsTheEndpointsOfTheServerThatTheEnvironmentNames()
    {
        await using var deployment = await Deployment.StartAsync("orders/127.0.0.1:1,web/127.0.0.1:1");
        var setUp = $"export PICO_SERVER={deployment.Server.Admin.GetLeftPart(UriPartial.Authority)}; ";
        const string line = "pico status endpoint ";

        await TypeAsync(Tool.Bash, ["--norc", "-i"], setUp + "source <(pico completion bash)", line, "orders +web");
        await TypeAsync(Tool.Zsh, ["-f", "-i"], setUp + Zsh + "source <(pico completion zsh)", line, "orders +web");
        // What a server does not say within a second is left out.
        await Deadline.UntilAsync("fish knows them", TimeSpan.FromSeconds(30), async _ => await FishAsync($"{setUp} pico completion fish | source; complete -C '{line}'") == "orders\nweb");
    }

    [Fact]
    public async Task NativeAgent_InBash_CompletesToo()
    {
        if (PicoProgram.NativeAgent is null)
            throw Tool.Lacking("PICO_TEST_AGENT_BINARY names no agent");

        await TypeAsync(Tool.Bash, ["--norc", "-i"], "source <(pico-agent completion bash)", "pico-agent fo", "pico-agent forward ");
        await TypeAsync(Tool.Bash, ["--norc", "-i"], "source <(pico-agent completion bash)", "pico-agent agent --log.level ", "debug", "error");
    }

    public void Dispose() => _folder.Dispose();

    private async Task TypeAsync(Tool shell, string[] arguments, string setUp, string line, params string[] wanted)
    {
        string[] words = [Path.Combine(AppContext.BaseDirectory, "Peers", "type_in_shell.py"), setUp, line, .. wanted, "--", shell.Require(), .. arguments];

        var typed = await new Command(Tool.Python, words) { Environment = Here, WorkingDirectory = _folder.Path }.RunAsync();

        Assert.True(typed.ExitCode == 0, $"After '{line}' and Tab, the terminal shows not all of {string.Join(", ", wanted)}, but:\n{typed.Text}\n{typed.Error}");
    }

    private async Task<string> FishAsync(string script) =>
        (await new Command(Tool.Fish, "--no-config", "-c", script) { Environment = Here, WorkingDirectory = _folder.Path }.RunAsync()).Succeeded().Text.Trim();

    private Dictionary<string, string> Here => new() { ["PATH"] = _path, ["HOME"] = _folder.Path };
}
