using System.Text.RegularExpressions;

namespace Pico.Tests;

/// <summary>The alerts, the runbook and the table of alerts are one.</summary>
public sealed partial class AlertTests
{
    private static readonly string Rules = File.ReadAllText(Path.Combine(Repository.Root, "charts", "pico", "files", "alerts.yaml"));

    public static IEnumerable<TheoryDataRow<string>> Names { get; } = [.. Alert().Matches(Rules).Select(m => new TheoryDataRow<string>(m.Groups[1].Value))];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Alert_LeadsToItsSectionOfTheRunbook_AndIsInTheTable(string name)
    {
        var cancel = TestContext.Current.CancellationToken;
        var runbook = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "runbook.md"), cancel);
        var table = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "observability.md"), cancel);

        Assert.Contains($"runbook_url: 'runbook.md#{name.ToLowerInvariant()}'", Rules, StringComparison.Ordinal);
        var section = runbook[runbook.IndexOf($"\n### {name}\n", StringComparison.Ordinal)..].Split("\n###", 3)[1];
        Assert.Contains("**Symptom.**", section, StringComparison.Ordinal);
        Assert.Contains("**Cause.**", section, StringComparison.Ordinal);
        Assert.Contains("**What to do.**", section, StringComparison.Ordinal);
        Assert.Contains($"| [`{name}`](runbook.md#{name.ToLowerInvariant()}) |", table, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex Alert();
}
