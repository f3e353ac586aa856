using System.CommandLine;
using System.Globalization;
using Pico.Benchmarks.Load;
using Pico.Benchmarks.Processes;
using Pico.Benchmarks.Targets;
using Spectre.Console;

namespace Pico.Benchmarks.Verbs;

/// <summary>
/// Bytes that a target's .NET process allocates per request: its runtime's counter of allocated bytes, read over HTTP before
/// and after a load. Reading it costs the process something itself, which the number of requests makes small.
/// </summary>
internal static class AllocVerb
{
    private const string Counter = "dotnet_gc_heap_total_allocated";

    private static readonly string[] Countable = ["yarp", "pico"];
    private static readonly Option<string[]> Targets = CommonOptions.Names("--targets", "Targets", Countable);
    private static readonly Option<int> Connections = new("--connections") { Description = "Connections of the load.", DefaultValueFactory = _ => 64 };
    private static readonly Option<int> Seconds = new("--seconds") { Description = "Length of a load.", DefaultValueFactory = _ => 3 };
    private static readonly Option<double?> Limit = new("--limit")
    {
        Description = "Fail if Pico's server allocates more bytes than this per small request.",
    };

    public static Command Create()
    {
        var command = new Command("alloc", "Bytes allocated per request by the server, and by a bare YARP forwarder.")
        {
            Targets, Connections, Seconds, Limit, CommonOptions.PicoServer, CommonOptions.PicoAgent,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var time = TimeProvider.System;
        using var workspace = new Workspace();
        using var client = new HttpClient();
        var names = parsed.GetValue(Targets) is { Length: > 0 } given ? given : Countable;
        var targets = Target.All.Where(target => names.Contains(target.Name)).ToArray();
        var servicePort = FreePort.Take(1)[0];
        var context = await CommonOptions.PrepareAsync(parsed, workspace, servicePort, targets, time, cancellation);
        await using var service = NginxProcess.StartService(workspace, servicePort, time);

        var table = new Table().Border(TableBorder.Simple).AddColumns("target", "scenario", "requests", "bytes allocated / request");
        var small = 0.0;
        foreach (var target in targets)
        {
            await using var running = target.Start(context);
            await running.WaitUntilReadyAsync(Scenario.All, time, cancellation);
            foreach (var scenario in Scenario.All)
            {
                var connections = scenario.IsBulk ? scenario.Connections.Max() : parsed.GetValue(Connections);
                await Wrk.RunAsync(running, scenario, connections, parsed.GetValue(Seconds), cancellation);
                var before = await ReadCounterAsync(client, running.Metrics!, cancellation);
                var load = await Wrk.RunAsync(running, scenario, connections, parsed.GetValue(Seconds), cancellation);
                var perRequest = (await ReadCounterAsync(client, running.Metrics!, cancellation) - before) / load.Requests;
                if (target.Name == "pico" && scenario.Name == "small")
                    small = perRequest;
                table.AddRow(target.Name, $"{scenario.Name} x{connections}", load.Requests.ToString("N0", CultureInfo.InvariantCulture),
                    perRequest.ToString("N0", CultureInfo.InvariantCulture));
            }
        }

        AnsiConsole.Write(table);
        return small > parsed.GetValue(Limit)
            ? throw new BenchmarkException($"Pico's server allocated {small:N0} bytes per small request; the limit is {parsed.GetValue(Limit):N0}.")
            : 0;
    }

    private static async Task<double> ReadCounterAsync(HttpClient client, Uri metrics, CancellationToken cancellation)
    {
        var text = await client.GetStringAsync(metrics, cancellation);
        var line = text.Split('\n').FirstOrDefault(line => line.StartsWith(Counter, StringComparison.Ordinal))
            ?? throw new BenchmarkException($"{metrics} has no {Counter}.");
        // name{labels} value [timestamp]
        var value = line[(line.LastIndexOf('}') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return double.Parse(line.Contains('}', StringComparison.Ordinal) ? value[0] : value[1], CultureInfo.InvariantCulture);
    }
}
