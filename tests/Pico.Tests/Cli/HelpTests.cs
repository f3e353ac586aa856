namespace Pico.Tests.Cli;

public sealed class HelpTests
{
    [Theory]
    [InlineData("server")]
    [InlineData("agent")]
    [InlineData("drain")]
    [InlineData("controller")]
    [InlineData("cleanup")]
    [InlineData("forward")]
    [InlineData("status")]
    [InlineData("status check")]
    [InlineData("bench")]
    [InlineData("completion")]
    [InlineData("token")]
    [InlineData("token key")]
    [InlineData("token mint")]
    [InlineData("token inspect")]
    [InlineData("demo")]
    [InlineData("version")]
    public async Task Help_OfAVerb_TeachesWithExamplesAndNamesTheDocs(string verb)
    {
        var (exitCode, output, error) = await CommandLine.RunAsync([.. verb.Split(' '), "--help"]);

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains("Examples:", output, StringComparison.Ordinal);
        Assert.Contains($"  pico {verb}", output, StringComparison.Ordinal);
        Assert.Contains("Documentation: ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_OfTheProgram_ListsEveryVerbButTheHiddenOne()
    {
        var (exitCode, output, _) = await CommandLine.RunAsync("--help");

        Assert.Equal(0, exitCode);
        Assert.All(["server", "agent", "drain", "controller", "cleanup", "forward", "status", "token", "demo", "version"], verb => Assert.Contains($"  {verb} ", output, StringComparison.Ordinal));
        Assert.DoesNotContain("reference", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_BesideMistakes_IsShownAllTheSame()
    {
        var (exitCode, output, _) = await CommandLine.RunAsync("server", "--no-such-flag", "--help");

        Assert.Equal(0, exitCode);
        Assert.Contains("--proxy.bind-addr <address>", output, StringComparison.Ordinal);
    }
}
