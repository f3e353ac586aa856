using System.Globalization;
using Pico.Benchmarks.Growth;
using Pico.Benchmarks.Processes;
using Pico.Benchmarks.Scale.Reports;
using Pico.Benchmarks.Targets;

namespace Pico.Benchmarks.Scale.Parts;

/// <summary>Whether a request costs more when there is more of everything.</summary>
internal static class GrowthPart
{
    /// <summary>How much dearer than the cheapest the dearest may be, for it to be called flat: repetitions differ by a tenth.</summary>
    private const double Flat = 1.25;

    private const int SharedEndpoints = 100;

    private static readonly int[] Endpoints = [1, 10, 100, 1_000, 10_000];
    private static readonly int[] Agents = [1, 10, 100];

    public static async Task<ScaleResult> RunAsync(ScaleContext context, CancellationToken cancellation)
    {
        using var workspace = new Workspace();
        var servicePort = FreePort.Take(1)[0];
        await using var service = NginxProcess.StartService(workspace, servicePort, context.Time);
        var (seconds, rounds) = context.Sizes == ScaleSizes.Quick ? (1, 1) : (3, 3);
        var run = new GrowthRun(new TargetContext(workspace, servicePort, context.Pico, context.Time), seconds, rounds, context.Say);

        var byEndpoints = new List<GrowthCost>();
        foreach (var endpoints in Endpoints)
            byEndpoints.Add(await run.MeasureAsync(endpoints, Math.Max(1, endpoints / GrowthRun.MaxEndpointsPerAgent), cancellation));
        var byAgents = new List<GrowthCost>();
        foreach (var agents in Agents)
            byAgents.Add(await run.MeasureAsync(SharedEndpoints, agents, cancellation));

        return new ScaleResult(
            $"`small` at 64 connections to one server and published agents, a process each, with two tunnels each and one nginx behind all of them; CPU per request, medians of {rounds} rounds of {seconds} s. Requests go in turn to a hundred endpoints, spread evenly "
            + $"over all that are registered, or to all if there are fewer. With many agents there are {SharedEndpoints} endpoints in all, and each agent's share of the requests is so small that fewer of them share a message: what agents then cost together is told, too.",
            [
                .. byEndpoints.Select(cost => new ScaleFigure($"{cost.Endpoints:N0} endpoints at {cost.Agents} agents: server, all agents", Text(cost))),
                AtMost("dearest against cheapest, server, of these", byEndpoints, cost => cost.Server),
                .. byAgents.Select(cost => new ScaleFigure($"{cost.Agents:N0} agents with {SharedEndpoints} endpoints in all: server, all agents", Text(cost))),
                AtMost("dearest against cheapest, server, of these", byAgents, cost => cost.Server),
            ]);
    }

    private static ScaleFigure AtMost(string what, List<GrowthCost> costs, Func<GrowthCost, double> value) =>
        ScaleFigure.AtMost(what, costs.Max(value) / costs.Min(value), Flat, aimed: null, "0.00", " ×");

    private static string Text(GrowthCost cost) =>
        string.Create(CultureInfo.InvariantCulture, $"{cost.Server * 1000:0.0} µs, {cost.AllAgents * 1000:0.0} µs, at {cost.RequestsPerSecond:N0} requests/s");
}
