using Pico.Benchmarks.Load;
using Pico.Benchmarks.Processes;
using Pico.Benchmarks.Targets;

namespace Pico.Benchmarks.Growth;

/// <summary>What a small request costs while so many endpoints and agents are there: CPU seconds per 1000 requests, of the server and of all agents.</summary>
internal sealed record GrowthCost(int Endpoints, int Agents, double Server, double AllAgents, double RequestsPerSecond);

/// <summary>
/// The CPU of small requests at 64 connections while the number of endpoints, or of agents, grows. Requests go in turn to endpoints that lie evenly among all, a hundred at the most:
/// more would measure how services take new connections. Everything is as published, each agent a process.
/// </summary>
internal sealed class GrowthRun(TargetContext context, int seconds, int rounds, Action<string> say)
{
    /// <summary>What one agent serves at the most.</summary>
    public const int MaxEndpointsPerAgent = 1000;

    private const int Connections = 64;
    private const int MaxAsked = 100;

    private static readonly Scenario Small = Scenario.All.Single(scenario => scenario.Name == "small");
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Gives the medians of the rounds for one size. <paramref name="endpoints"/> is a multiple of <paramref name="agents"/>.</summary>
    public async Task<GrowthCost> MeasureAsync(int endpoints, int agents, CancellationToken cancellation)
    {
        var ports = FreePort.Take(3);
        var (proxy, upstream) = (ports[0], ports[1]);
        await using var server = Target.Server("server", context, proxy, upstream, ports[2]);
        var processes = new List<ManagedProcess>();
        try
        {
            for (var i = 0; i < agents; i++)
                processes.Add(StartAgent(i, endpoints / agents, upstream));
            var asked = Math.Min(endpoints, MaxAsked);
            var ids = Enumerable.Range(0, asked).Select(i => IdOf((int)((long)i * endpoints / asked))).ToArray();
            await WaitUntilAnsweredAsync(proxy, ids.Append(IdOf(endpoints - 1)), [server, .. processes], cancellation);

            var target = new RunningTarget("pico", proxy, [server]);
            await Wrk.RunAsync(target, Small, Connections, 2 * seconds, cancellation, ids);
            var samples = new List<GrowthCost>();
            for (var round = 0; round < rounds; round++)
            {
                var (serverBefore, agentsBefore) = (Cpu([server]), Cpu(processes));
                var load = await Wrk.RunAsync(target, Small, Connections, seconds, cancellation, ids);
                var thousands = load.Requests / 1000.0;
                samples.Add(new GrowthCost(
                    endpoints, agents, (Cpu([server]) - serverBefore) / thousands, (Cpu(processes) - agentsBefore) / thousands, load.Requests / (load.DurationMicroseconds / 1e6)));
            }

            var cost = new GrowthCost(
                endpoints, agents, Median.Of(samples.Select(s => s.Server)), Median.Of(samples.Select(s => s.AllAgents)), Median.Of(samples.Select(s => s.RequestsPerSecond)));
            say($"{endpoints,6:N0} endpoints, {agents,3:N0} agents: server {cost.Server:N4}, agents {cost.AllAgents:N4} CPU s / 1000 requests, {cost.RequestsPerSecond:N0} req/s");
            return cost;
        }
        finally
        {
            await Task.WhenAll(processes.Select(process => process.DisposeAsync().AsTask()));
        }
    }

    private static double Cpu(IEnumerable<ManagedProcess> processes) => processes.Sum(process => ProcessUsage.Read(process.Id).CpuSeconds);

    private static string IdOf(int number) => $"growth-{number}";

    private ManagedProcess StartAgent(int number, int endpoints, int upstream)
    {
        var file = Path.Combine(context.Workspace.Temporary, $"endpoints-{number}.yaml");
        File.WriteAllLines(file, Enumerable.Range(number * endpoints, endpoints).Select(i => $"- id: {IdOf(i)}\n  address: 127.0.0.1:{context.ServicePort}").Prepend("endpoints:"));
        return new ManagedProcess(
            $"agent {number}", context.Pico!.Agent, ["agent", "--endpoints-file", file, "--server", $"ws://127.0.0.1:{upstream}"], context.Time);
    }

    /// <summary>An agent registers its endpoints in order: with its last one all are there.</summary>
    private async Task WaitUntilAnsweredAsync(int proxy, IEnumerable<string> ids, ManagedProcess[] processes, CancellationToken cancellation)
    {
        using var client = new HttpClient();
        var start = context.Time.GetTimestamp();
        foreach (var id in ids)
        {
            while (!await IsAnsweredAsync(client, proxy, id, cancellation))
            {
                foreach (var process in processes)
                    process.ThrowIfExited();
                if (context.Time.GetElapsedTime(start) > Patience)
                    throw new BenchmarkException($"{id} is not answered after {Patience.TotalSeconds:N0} s.\n{processes[0].LastLines()}");
                await Task.Delay(PollInterval, context.Time, cancellation);
            }
        }
    }

    private static async Task<bool> IsAnsweredAsync(HttpClient client, int proxy, string id, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{proxy}{Small.Path}");
        request.Headers.Add(RunningTarget.EndpointHeader, id);
        try
        {
            using var answer = await client.SendAsync(request, cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
