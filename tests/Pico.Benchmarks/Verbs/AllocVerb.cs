using System.CommandLine;
using System.Globalization;
using Pico.Benchmarks.Load;
using Pico.Benchmarks.Processes;
using Pico.Benchmarks.Targets;
using Spectre.Console;

namespace Pico.Benchmarks.Verbs;

/// <summary>Bytes that a target's .NET processes allocate per request, of every scenario.</summary>
internal static class AllocVerb
{
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
        var command = new Command("alloc", "Bytes allocated per request by the server, the agent, and a bare YARP forwarder.")
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
        using var allocated = new AllocatedBytes();
        var names = parsed.GetValue(Targets) is { Length: > 0 } given ? given : Countable;
        var targets = Target.All.Where(target => names.Contains(target.Name)).ToArray();
        var servicePort = FreePort.Take(1)[0];
        var context = await CommonOptions.PrepareAsync(parsed, workspace, servicePort, targets, time, cancellation);
        await using var service = NginxProcess.StartService(workspace, servicePort, time);

        var table = new Table().Border(TableBorder.Simple).AddColumns("target", "process", "scenario", "requests", "bytes allocated / request");
        var small = 0.0;
        foreach (var target in targets)
        {
            await using var running = target.Start(context);
            await running.WaitUntilReadyAsync(Scenario.All, time, cancellation);
            foreach (var scenario in Scenario.All.Where(scenario => scenario.DownloadsBeside == 0))
            {
                var connections = scenario.IsBulk ? scenario.Connections.Max() : parsed.GetValue(Connections);
                await Wrk.RunAsync(running, scenario, connections, parsed.GetValue(Seconds), cancellation);
                var before = await allocated.ReadAsync(running.Metrics, cancellation);
                var load = await Wrk.RunAsync(running, scenario, connections, parsed.GetValue(Seconds), cancellation);
                var after = await allocated.ReadAsync(running.Metrics, cancellation);
                foreach (var (process, perRequest) in AllocatedBytes.PerRequest(before, after, load.Requests))
                {
                    if (process == "server" && scenario.Name == "small")
                        small = perRequest;
                    table.AddRow(target.Name, process, $"{scenario.Name} x{connections}", load.Requests.ToString("N0", CultureInfo.InvariantCulture),
                        perRequest.ToString("N1", CultureInfo.InvariantCulture));
                }
            }
        }

        AnsiConsole.Write(table);
        return small > parsed.GetValue(Limit)
            ? throw new BenchmarkException($"Pico's server allocated {small:N0} bytes per small request; the limit is {parsed.GetValue(Limit):N0}.")
            : 0;
    }
}
