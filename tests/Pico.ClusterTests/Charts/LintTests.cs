namespace Pico.ClusterTests.Charts;

/// <summary>What Helm itself has to say.</summary>
public sealed class LintTests
{
    public static IEnumerable<TheoryDataRow<string>> Sets { get; } = [.. ValueSets.Names.Select(n => new TheoryDataRow<string>(n))];

    [Theory]
    [MemberData(nameof(Sets))]
    public async Task Chart_WithEachSetOfValues_PassesTheStrictLint(string values)
    {
        var lint = await Helm.RunAsync("lint", "--strict", Helm.Chart, "--values", ValueSets.File(values));

        Assert.True(lint.ExitCode == 0, lint.Text + lint.Error);
    }
}
