using System.CommandLine;
using System.Runtime.Versioning;
using Pico.Benchmarks;
using Pico.Benchmarks.Scale.Processes;
using Pico.Benchmarks.Verbs;
using Spectre.Console;

// /proc, nginx and wrk.
[assembly: SupportedOSPlatform("linux")]

var root = new RootCommand("Measures Pico beside nginx and YARP. Writes artifacts/bench.jsonl and, as a whole run, docs/benchmarks.md.")
{
    AgentsVerb.Create(),
    AllocVerb.Create(),
    EchoVerb.Create(),
    ForwarderVerb.Create(),
    ScaleVerb.Create(),
    SimulateVerb.Create(),
    SoakVerb.Create(),
    WatcherVerb.Create(),
};
RunVerb.AddTo(root);

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    await parsed.InvokeAsync();
    return 2;
}

try
{
    // Ctrl-C: whatever was started is ended before.
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(30) });
}
catch (BenchmarkException failure)
{
    AnsiConsole.MarkupLineInterpolated($"[red]{failure.Message}[/]");
    return 1;
}
catch (OperationCanceledException)
{
    return 1;
}
