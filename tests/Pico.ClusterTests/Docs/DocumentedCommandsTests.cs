using System.Text.RegularExpressions;
using Pico.ClusterTests.Fixtures;
using Pico.IntegrationTests.Docs;
using Pico.IntegrationTests.Fixtures;
using Pico.Tests;

namespace Pico.ClusterTests.Docs;

/// <summary>
/// Every command of docs/ that needs a cluster works there as it is written, one after the other, in a folder with the chart and with the files that the pages show; where a page shows
/// what came of it, that is what comes. Those that need none: DocumentedCommandsTests of Pico.IntegrationTests.
/// </summary>
[Collection(nameof(Alone))]
public sealed partial class DocumentedCommandsTests(PicoRelease pico)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan InAMoment = TimeSpan.FromSeconds(10);

    /// <summary>In this order: the first ends where it began, the last looks at what the second has installed.</summary>
    private static readonly string[] Pages = ["docs/getting-started.md", "docs/kubernetes.md", "docs/observability.md"];

    /// <summary>Commands that are not run here, by how they begin.</summary>
    private static readonly (string Pattern, string Why)[] Left =
    [
        ("^(make|KUBECONFIG=)", "makes the images, or runs these tests"),
        ("^kubectl -n pico create secret generic pico-gossip ", "where no Helm is: AppliedManifestsTests"),
    ];

    [Fact]
    public async Task EveryCommand_OfThePagesForKubernetes_WorksAsItIsWritten()
    {
        var kubectl = await pico.ClusterWithoutItAsync();
        using var folder = new TempFolder();
        Directory.CreateSymbolicLink(folder.File("charts"), Path.Combine(Repository.Root, "charts"));
        var staying = new List<BackgroundProcess>();
        try
        {
            foreach (var page in Pages)
            {
                foreach (Match file in ShownFile().Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Root, page))))
                    folder.Write(file.Groups["name"].Value, file.Groups["text"].Value);
                foreach (var command in Commands(page))
                    await RunAsync(command, folder, kubectl, staying);
            }
        }
        finally
        {
            foreach (var process in staying)
                await process.DisposeAsync();
            await kubectl.TryAsync("delete", "namespace", "shop", "--ignore-not-found", "--wait=false");
            await pico.ClusterWithoutItAsync();
        }
    }

    [Fact]
    public void EveryCommandThatNeedsACluster_IsOnOneOfThesePages()
    {
        var elsewhere = DocumentedCommand.Pages.Except(Pages).SelectMany(DocumentedCommand.Of).Where(c => NeedsCluster().IsMatch(c.Text));
        var all = Pages.SelectMany(DocumentedCommand.Of).ToArray();

        Assert.Empty(elsewhere);
        Assert.True(all.Count(c => NeedsCluster().IsMatch(c.Text)) > 20);
        Assert.All(Left, left => Assert.Contains(all, c => Regex.IsMatch(c.Text, left.Pattern)));
    }

    private static IEnumerable<DocumentedCommand> Commands(string page) =>
        DocumentedCommand.Of(page).Where(c => page == Pages[0] || NeedsCluster().IsMatch(c.Text)).Where(c => !Left.Any(l => Regex.IsMatch(c.Text, l.Pattern)));

    private static async Task RunAsync(DocumentedCommand command, TempFolder folder, Kubectl kubectl, List<BackgroundProcess> staying)
    {
        if (command.Kind == "forward")
        {
            staying.Add(BackgroundProcess.Start(Tool.Bash.Require(), ["-c", $"exec {command.Text.TrimEnd(' ', '&')}"], kubectl.Environment));
            await staying[^1].WaitUntilAsync($"{command.Where} forwards", () => staying[^1].Log.Contains("Forwarding from", StringComparison.Ordinal));
            return;
        }

        var run = new Command(Tool.Bash, "-c", command.Text) { Environment = kubectl.Environment, WorkingDirectory = folder.Path, Timeout = Longest };
        var result = await run.RunAsync();
        // Servers and agents take a moment to tell each other, less than a reader.
        var start = TimeProvider.System.GetTimestamp();
        while (IsRequest(command) && !Gives(command, result.Text) && TimeProvider.System.GetElapsedTime(start) < InAMoment)
            result = await run.RunAsync();

        var what = $"{command.Where}: {command.Text}: exit code {result.ExitCode}\n{result.Error}{result.Text}";
        TestContext.Current.SendDiagnosticMessage(what);
        Assert.True(result.ExitCode == 0 && Gives(command, result.Text), $"{what}\nThe page shows:\n{string.Join('\n', command.Shown)}");
    }

    private static bool IsRequest(DocumentedCommand command) => command.Text.StartsWith("curl", StringComparison.Ordinal);

    private static bool Gives(DocumentedCommand command, string text) =>
        command.Shown.Where(l => IsRequest(command) || Outcome().IsMatch(l)).All(l => Regex.IsMatch(text, Pattern(l)));

    /// <summary>A line that a page shows, whatever the pods are called and the time is.</summary>
    private static string Pattern(string line) =>
        line.StartsWith("Date: ", StringComparison.Ordinal) ? "Date: " : PodSuffix().Replace(Regex.Escape(line), "-[a-z0-9]+-[a-z0-9]{5}");

    [GeneratedRegex("^(kubectl|helm) ")]
    private static partial Regex NeedsCluster();

    [GeneratedRegex(@"^```yaml\n# (?<name>[a-z]+\.yaml)\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex ShownFile();

    [GeneratedRegex("(created|patched|exposed|deleted|uninstalled|condition met|successfully rolled out)$")]
    private static partial Regex Outcome();

    [GeneratedRegex("-[a-z0-9]{8,10}-[a-z0-9]{5}(?=:)")]
    private static partial Regex PodSuffix();
}
