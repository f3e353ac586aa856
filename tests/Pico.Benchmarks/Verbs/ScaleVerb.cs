using System.CommandLine;
using Pico.Benchmarks.Reports;
using Pico.Benchmarks.Scale;
using Pico.Benchmarks.Scale.Reports;
using Pico.Benchmarks.Targets;
using Spectre.Console;

namespace Pico.Benchmarks.Verbs;

/// <summary>Pico at the size that users need: `make bench-scale`. Each part starts the processes that it needs, and ends them.</summary>
internal static class ScaleVerb
{
    private static readonly Option<string[]> Only = CommonOptions.Names("--only", "Parts", ScalePart.All.Select(part => part.Name));
    private static readonly Option<bool> Quick = new("--quick") { Description = "Small numbers, to see that it works." };
    private static readonly Option<bool> WriteDocs = new("--write-docs") { Description = "Write the parts' sections of docs/benchmarks.md, as a run without options does." };

    public static Command Create()
    {
        var command = new Command("scale", "Many tunnels, streams and endpoints, and a large cluster: memory, CPU, time.")
        {
            Only, Quick, WriteDocs, CommonOptions.PicoServer, CommonOptions.PicoAgent,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var time = TimeProvider.System;
        using var workspace = new Workspace();
        var pico = await Publisher.PublishAsync(workspace, parsed.GetValue(CommonOptions.PicoServer), parsed.GetValue(CommonOptions.PicoAgent), Console.WriteLine, cancellation);
        var names = parsed.GetValue(Only) is { Length: > 0 } given ? given : [.. ScalePart.All.Select(part => part.Name)];
        var machine = await MachineFacts.ReadAsync(time, cancellation);
        foreach (var part in ScalePart.All.Where(part => names.Contains(part.Name)))
        {
            var start = time.GetTimestamp();
            void Say(string text) => Console.WriteLine($"{part.Name} {time.GetElapsedTime(start):mm\\:ss}  {text}");
            var sizes = parsed.GetValue(Quick) ? ScaleSizes.Quick : ScaleSizes.Full;
            var result = await part.RunAsync(new ScaleContext(pico, sizes, time, Say), cancellation);
            ScaleReport.Print(AnsiConsole.Console, result);
            // The command line begins with the verb.
            if (parsed.GetValue(WriteDocs) || parsed.Tokens.Count == 1)
                ScaleReport.Write(Path.Combine(workspace.Root, "docs", "benchmarks.md"), part, Command(parsed), machine, result);
        }

        return 0;
    }

    private static string Command(ParseResult parsed) => parsed.Tokens.Count == 1
        ? "make bench-scale"
        : $"make bench-scale ARGS=\"{string.Join(' ', parsed.Tokens.Skip(1).Select(token => token.Value))}\"";
}
