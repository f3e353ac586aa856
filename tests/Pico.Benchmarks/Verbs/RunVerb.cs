using System.CommandLine;
using Pico.Benchmarks.Processes;
using Pico.Benchmarks.Reports;
using Pico.Benchmarks.Targets;
using Spectre.Console;

namespace Pico.Benchmarks.Verbs;

/// <summary>What happens without a verb: measures loads on targets and reports.</summary>
internal static class RunVerb
{
    private const int FirstWarmupSeconds = 8;

    private static readonly Option<bool> Quick = new("--quick") { Description = "Fewer loads, one second each, once, without the targets for orientation: little more than a minute, and rough." };
    private static readonly Option<string[]> Targets = CommonOptions.Names("--targets", "Targets", Target.All.Select(target => target.Name));
    private static readonly Option<string[]> Scenarios = CommonOptions.Names("--scenarios", "Scenarios", Scenario.All.Select(scenario => scenario.Name));
    private static readonly Option<int[]> Connections = new("--connections")
    {
        Description = "Numbers of connections, instead of each scenario's own.",
        AllowMultipleArgumentsPerToken = true,
    };
    private static readonly Option<int> Seconds = new("--seconds") { Description = "Length of a measurement.", DefaultValueFactory = _ => 5 };
    private static readonly Option<int> Repeat = new("--repeat") { Description = "Repetitions; medians are reported.", DefaultValueFactory = _ => 3 };
    private static readonly Option<bool> WriteDocs = new("--write-docs") { Description = "Write docs/benchmarks.md, as a run without options does." };

    public static void AddTo(RootCommand root)
    {
        foreach (var number in new Option[] { Connections, Seconds, Repeat })
        {
            number.Validators.Add(result =>
            {
                if (result.Tokens.Any(token => int.TryParse(token.Value, out var value) && value is < 1 or > 10_000))
                    result.AddError($"{number.Name} must be between 1 and 10000.");
            });
        }

        foreach (var option in new Option[] { Quick, Targets, Scenarios, Connections, Seconds, Repeat, WriteDocs, CommonOptions.PicoServer, CommonOptions.PicoAgent })
            root.Add(option);
        root.SetAction(RunAsync);
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var time = TimeProvider.System;
        var start = time.GetTimestamp();
        using var workspace = new Workspace();
        var plan = Plan(parsed);
        var machine = await MachineFacts.ReadAsync(time, cancellation);
        var servicePort = FreePort.Take(1)[0];
        var context = await CommonOptions.PrepareAsync(parsed, workspace, servicePort, plan.Targets, time, cancellation);
        await using var service = NginxProcess.StartService(workspace, servicePort, time);

        using var runner = new Runner(plan, time, Console.WriteLine);
        var measurements = await runner.RunAsync(context, cancellation);

        ConsoleReport.Print(AnsiConsole.Console, measurements);
        Report("bench.jsonl", workspace.Artifacts, path => JsonLines.Write(path, measurements));
        if (parsed.GetValue(WriteDocs) || parsed.Tokens.Count == 0)
            Report("benchmarks.md", Path.Combine(workspace.Root, "docs"), path => MarkdownReport.Write(path, Command(parsed), plan, machine, measurements));
        Console.WriteLine($"{time.GetElapsedTime(start).TotalSeconds:N0} s");
        var broken = Goal.Compare(measurements).Where(goal => goal is { IsGuard: true, IsMet: false }).Select(goal => $"{goal.Text}: {goal.Measured}, required {goal.Required}").ToArray();
        return broken.Length == 0 ? 0 : throw new BenchmarkException("What does not depend on the machine got worse: " + string.Join("; ", broken));
    }

    private static RunPlan Plan(ParseResult parsed)
    {
        var quick = parsed.GetValue(Quick);
        var connections = parsed.GetValue(Connections) is { Length: > 0 } given ? given : null;
        var loads =
            from scenario in Chosen(Scenario.All, scenario => scenario.Name, parsed.GetValue(Scenarios))
            from count in connections ?? (quick ? scenario.QuickConnections : scenario.Connections)
            select (scenario, count);
        var targets = Chosen(Target.All, target => target.Name, parsed.GetValue(Targets));
        if (quick && parsed.GetResult(Targets) is null or { Implicit: true })
            targets.RemoveAll(target => target.IsOrientation);
        return new RunPlan(
            targets, [.. loads],
            quick && parsed.GetResult(Seconds) is { Implicit: true } or null ? 1 : parsed.GetValue(Seconds),
            quick && parsed.GetResult(Repeat) is { Implicit: true } or null ? 1 : parsed.GetValue(Repeat),
            quick ? 1 : FirstWarmupSeconds);
    }

    private static List<T> Chosen<T>(IReadOnlyList<T> all, Func<T, string> name, string[]? names) =>
        [.. all.Where(item => names is null or { Length: 0 } || names.Contains(name(item)))];

    private static void Report(string name, string folder, Action<string> write)
    {
        var path = Path.Combine(Directory.CreateDirectory(folder).FullName, name);
        write(path);
        Console.WriteLine($"wrote {path}");
    }

    private static string Command(ParseResult parsed) =>
        parsed.Tokens.Count == 0 ? "make bench" : $"make bench ARGS=\"{string.Join(' ', parsed.Tokens.Select(token => token.Value))}\"";
}
