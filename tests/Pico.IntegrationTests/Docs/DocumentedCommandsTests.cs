using System.Text;
using System.Text.RegularExpressions;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Docs;

/// <summary>
/// Every command of README.md and docs/ works as it is written: each page's commands run one after the other in a clean folder, on a machine of their own as far as network and names go, so
/// with the default ports and the pages' host names. What cannot run there stands below, with where else it is shown.
/// </summary>
public sealed class DocumentedCommandsTests
{
    /// <summary>Pages whose commands need what one machine has not.</summary>
    private static readonly Dictionary<string, string> NotHere = new()
    {
        ["docs/kubernetes.md"] = "needs a cluster: DocumentedCommandsTests of Pico.ClusterTests",
        ["docs/getting-started.md"] = "needs a cluster: DocumentedCommandsTests of Pico.ClusterTests",
        ["docs/performance.md"] = "builds and measures for minutes: the benchmarks",
        ["docs/benchmarks.md"] = "builds and measures for minutes: the benchmarks",
        ["docs/configuration.md"] = "is made of the options' definitions; the help of each verb is tested",
    };

    /// <summary>Commands that cannot run here, by how they begin.</summary>
    private static readonly (string Pattern, string Why)[] Left =
    [
        ("^(kubectl|helm) ", "needs a cluster: DocumentedCommandsTests of Pico.ClusterTests"),
        ("^make ", "builds; .ci/run does all of them, and DemoTests what `make run` shows"),
        ("^psql ", "needs a database: PostgresTests go through `pico forward` to one"),
        ("^open ", "needs a desktop: StatusPageTests open it in Chromium"),
        (@"^pico completion fish \|", "is for fish: Cli/CompletionTests"),
    ];

    /// <summary>Commands that show what a failure looks like.</summary>
    private static readonly string[] Fails = ["^pico status check printers"];

    /// <summary>What a page takes for granted. nginx answers on port 4000 in any case.</summary>
    private static readonly Dictionary<string, string[]> Before = new()
    {
        ["docs/security.md"] =
        [
            "pico token key --out keys --name 2026-11", // the key that is replaced, and files to replace others by
            "touch new.key new.pem",
        ],
        ["docs/observability.md"] =
        [
            "pico server",
            "pico agent --name edge-berlin --endpoints printers/localhost:1,my-endpoint/localhost:4000",
        ],
        ["docs/runbook.md"] = ["pico server", "pico agent --endpoints my-endpoint/localhost:4000"],
    };

    [Fact]
    public async Task EveryCommand_OfEveryPage_WorksAsItIsWritten()
    {
        var pages = DocumentedCommand.Pages.Where(p => !NotHere.ContainsKey(p)).Select(p => (Page: p, Commands: Runnable(p))).Where(p => p.Commands.Count > 0).ToArray();

        var results = await Task.WhenAll(pages.Select(p => RunAsync(p.Page, p.Commands)));

        Assert.Superset(new HashSet<string>(["README.md", "docs/clustering.md", "docs/observability.md", "docs/security.md", "docs/tutorial.md"]), pages.Select(p => p.Page).ToHashSet());
        Assert.All(results, r => Assert.True(r.ExitCode == 0, $"{r.Error}\nIt ran until there:\n{r.Text}\nA command that cannot run on one machine belongs in DocumentedCommandsTests, with the reason."));
    }

    [Fact]
    public void WhatIsLeftOut_IsStillThere()
    {
        var all = DocumentedCommand.Pages.SelectMany(DocumentedCommand.Of).Select(c => c.Text).ToArray();

        Assert.All(Left.Select(l => l.Pattern).Concat(Fails), pattern => Assert.Contains(all, text => Regex.IsMatch(text, pattern)));
    }

    private static List<DocumentedCommand> Runnable(string page) => [.. DocumentedCommand.Of(page).Where(c => !Left.Any(l => Regex.IsMatch(c.Text, l.Pattern)))];

    private static async Task<CommandResult> RunAsync(string page, IEnumerable<DocumentedCommand> commands)
    {
        if (!Environment.IsPrivilegedProcess)
            throw Tool.Lacking("Only root may make network namespaces.");
        using var folder = new TempFolder();
        folder.Write("hosts", "127.0.0.1 localhost server.example.com pico.internal\n::1 localhost\n");
        folder.Write("ready", "ready\n");
        folder.Write("index.html", "hello\n");
        folder.Write("nginx.conf", $$"""
            daemon off; master_process off; pid {{folder.Path}}/nginx.pid; error_log stderr;
            events { worker_connections 1024; }
            http { access_log off; server { listen 4000; root {{folder.Path}}; } }
            """);
        var before = Before.GetValueOrDefault(page, []).Select(c => new DocumentedCommand(page, 0, c));
        var script = folder.Write("page.sh", Script(folder.Path, before.Concat(commands)));

        return await new Command(new Tool("unshare", "util-linux"), "--net", "--mount", "--pid", "--fork", "--kill-child", "bash", script)
        {
            WorkingDirectory = folder.Path,
            Timeout = TimeSpan.FromMinutes(8), // half a minute, if nothing else runs
            Environment = new Dictionary<string, string>
            {
                ["PATH"] = ProgramFolder.Fill(folder.File(".programs")),
                ["no_proxy"] = "*",
            },
        }.RunAsync();
    }

    private static string Script(string folder, IEnumerable<DocumentedCommand> commands)
    {
        var script = new StringBuilder();
        script.Append("set -e; ip link set lo up; mount --bind hosts /etc/hosts; set +e\n");
        script.Append($"{Tool.Nginx.Require()} -p {folder} -c {folder}/nginx.conf 2>{folder}/nginx.log &\n");
        script.Append($"source {Path.Combine(AppContext.BaseDirectory, "Docs", "run_commands.sh")}\n");
        foreach (var command in commands)
        {
            var kind = Fails.Any(f => Regex.IsMatch(command.Text, f)) ? "fails" : command.Kind;
            script.Append($"step {command.Where} {kind} {Quote(command.Text)}\n");
        }

        return script.Append("stop_all\n").ToString();
    }

    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
