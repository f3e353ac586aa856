using System.CommandLine;
using System.Text;
using Pico.Benchmarks.Processes;
using Pico.Benchmarks.Reports;
using Pico.Benchmarks.Soak;
using Pico.Benchmarks.Targets;
using Spectre.Console;

namespace Pico.Benchmarks.Verbs;

/// <summary>Mixed traffic for an hour, after which nothing may have drifted: `make soak`.</summary>
internal static class SoakVerb
{
    /// <summary>Room for the table's rows; without a terminal the console would assume 80 columns.</summary>
    private const int MinWidth = 120;

    private static readonly string[] Columns = ["what", "after the first tenth", "in the last tenth", "at most", ""];

    private static readonly Option<int> Minutes = new("--minutes") { Description = "How long it runs; 2 at least.", DefaultValueFactory = _ => 60 };
    private static readonly Option<bool> WriteDocs = new("--write-docs") { Description = "Write its section of docs/benchmarks.md." };

    public static Command Create()
    {
        Minutes.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => int.TryParse(token.Value, out var value) && value is < 2 or > 10_000))
                result.AddError("--minutes must be between 2 and 10000.");
        });
        var command = new Command("soak", "Mixed traffic, churn, resets and reconnects for an hour: memory, handles, threads and latency must not drift.")
        {
            Minutes, WriteDocs, CommonOptions.PicoServer, CommonOptions.PicoAgent,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var time = TimeProvider.System;
        using var workspace = new Workspace();
        var machine = await MachineFacts.ReadAsync(time, cancellation);
        var servicePort = FreePort.Take(1)[0];
        var context = await CommonOptions.PrepareAsync(parsed, workspace, servicePort, Target.All, time, cancellation);
        await using var service = NginxProcess.StartService(workspace, servicePort, time);

        var run = new SoakRun(context, TimeSpan.FromMinutes(parsed.GetValue(Minutes)), Console.WriteLine);
        await run.RunAsync(cancellation);

        var goals = SoakVerdict.Judge(run.Samples, run.Latencies);
        Print(run, goals);
        if (parsed.GetValue(WriteDocs))
            Write(Path.Combine(workspace.Root, "docs", "benchmarks.md"), parsed.GetValue(Minutes), machine, run, goals);
        return goals.All(goal => goal.IsMet) ? 0 : throw new BenchmarkException("Something drifted.");
    }

    private static string[] Row(Goal goal) => [goal.Text, goal.Aimed, goal.Measured, goal.Required, goal.IsMet ? "met" : "missed"];

    private static void Print(SoakRun run, IReadOnlyList<Goal> goals)
    {
        Console.WriteLine(run.Ran);
        var table = new Table().Border(TableBorder.Simple).AddColumns(Columns);
        foreach (var goal in goals)
            table.AddRow(Row(goal));
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, MinWidth);
        AnsiConsole.Write(table);
    }

    private static void Write(string path, int minutes, MachineFacts machine, SoakRun run, IReadOnlyList<Goal> goals)
    {
        var text = new StringBuilder();
        text.AppendLine("## Soak\n");
        text.AppendLine($"Written by `make soak ARGS=\"--minutes {minutes} --write-docs\"`; {string.Join("; ", machine.Facts.Take(3).Select(fact => fact.Value))}.\n");
        text.AppendLine(run.Ran);
        text.AppendLine("\nMedians of the tenth of the time that follows the first one, and of the last tenth.\n");
        MarkdownReport.Table(text, Columns, goals.Select(Row));
        PageSections.Write(path, "soak", text.ToString());
        Console.WriteLine($"wrote {path}");
    }
}
