using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Pico.Benchmarks.Processes;
using Pico.Benchmarks.Scale.Processes;
using Pico.Benchmarks.Scale.Reports;

namespace Pico.Benchmarks.Scale.Parts;

/// <summary>What a long stream costs server and agent while nothing flows: WebSockets of clients.</summary>
internal static class WebSocketPart
{
    /// <summary>Of one address and of one endpoint: under the server's default limits, and few enough for an address's ports.</summary>
    private const int PerGroup = 5_000;

    /// <summary>What a process opens beside the streams.</summary>
    private const int OtherFiles = 500;

    private const int AtOnce = 64;

    public static async Task<ScaleResult> RunAsync(ScaleContext context, CancellationToken cancellation)
    {
        var (sizes, time) = (context.Sizes, context.Time);
        var most = MostFiles() - OtherFiles;
        var count = Math.Min(sizes.Streams, most);
        var fewer = count < sizes.Streams ? $" (not {sizes.Streams:N0}: the machine lets a process have {most + OtherFiles:N0} open files)" : "";
        var groups = (count + PerGroup - 1) / PerGroup;
        var servicePort = FreePort.Take(1)[0];
        await using var service = EchoVerb.Start(servicePort, time);
        await using var node = await PicoNode.StartAsync("server", context.Pico.Server, NodePorts.Take(1)[0], [], time, cancellation);
        await using var agent = new ManagedProcess(
            "agent", context.Pico.Agent,
            ["agent", "--server", node.TunnelUrl, "--endpoints", string.Join(',', Enumerable.Range(0, groups).Select(group => $"{Endpoint(group)}/127.0.0.1:{servicePort}"))], time);
        await node.WaitForMetricAsync("pico_registrations", groups, TimeSpan.FromSeconds(30), cancellation);
        var (serverBefore, agentBefore) = (node.ReadUsage(), ProcessUsage.Read(agent.Id));
        context.Say($"{count:N0} WebSockets are opened{fewer}");

        var streams = new ConcurrentBag<LongStream>();
        try
        {
            var start = time.GetTimestamp();
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation };
            await Parallel.ForAsync(0, count, parallel, async (number, stop) =>
            {
                var source = new IPAddress([127, 0, 0, (byte)(2 + (number / PerGroup))]);
                streams.Add(await LongStream.OpenAsync(source, node.Ports.Proxy, Endpoint(number / PerGroup), stop));
                if (number % PerGroup == 0)
                    context.Say($"{streams.Count:N0} are open");
            });
            var opened = time.GetElapsedTime(start);
            context.Say($"all are open after {opened.TotalSeconds:N1} s; idle for {sizes.Idle.TotalSeconds:N0} s");
            await Task.Delay(sizes.Idle, time, cancellation);
            var (serverIdle, agentIdle) = (node.ReadUsage(), ProcessUsage.Read(agent.Id));
            await Task.Delay(sizes.Idle, time, cancellation);
            var (serverAfter, agentAfter) = (node.ReadUsage(), ProcessUsage.Read(agent.Id));
            context.Say("each is asked whether it lives");
            await Parallel.ForEachAsync(streams, parallel, async (stream, stop) => await stream.CheckAsync(stop));

            double PerStream(ProcessUsage before, ProcessUsage after) => (after.ResidentBytes - before.ResidentBytes) / (double)count / 1000;
            double Cpu(ProcessUsage from, ProcessUsage to) => (to.CpuSeconds - from.CpuSeconds) / sizes.Idle.TotalSeconds * 100;
            return new ScaleResult(
                $"{count:N0} WebSockets{fewer} from {groups} addresses, through one server process with its defaults and one agent (native AOT), to one process of the benchmark that gives back "
                + $"what comes. Memory is what the process's resident memory grew by from before the first stream to {2 * sizes.Idle.TotalSeconds:N0} s after the last, divided by the streams; CPU that of the second half of this time. "
                + "At the end each of them carried bytes both ways.",
                [
                    new("server memory per idle stream", $"{PerStream(serverBefore, serverAfter):N1} KB"),
                    new("agent memory per idle stream", $"{PerStream(agentBefore, agentAfter):N1} KB"),
                    new("resident with all, server and agent", $"{serverAfter.ResidentBytes / 1e6:N0} MB, {agentAfter.ResidentBytes / 1e6:N0} MB"),
                    new("CPU, server and agent", $"{Cpu(serverIdle, serverAfter):N1} %, {Cpu(agentIdle, agentAfter):N1} % of a core"),
                    new("time until all were open", $"{opened.TotalSeconds:N1} s"),
                ]);
        }
        finally
        {
            foreach (var stream in streams)
                stream.Dispose();
        }
    }

    private static string Endpoint(int group) => "streams-" + group.ToString(CultureInfo.InvariantCulture);

    /// <summary>What a process may raise its limit to; the .NET runtime does so by itself.</summary>
    private static int MostFiles()
    {
        // Limit, soft, hard, units, in columns
        var line = File.ReadLines("/proc/self/limits").First(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        return int.TryParse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4], CultureInfo.InvariantCulture, out var hard) ? hard : int.MaxValue;
    }
}
