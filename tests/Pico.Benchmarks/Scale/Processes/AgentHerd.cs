using Pico.Benchmarks.Processes;

namespace Pico.Benchmarks.Scale.Processes;

/// <summary>What many agents are to do.</summary>
/// <param name="Servers">Where they connect to.</param>
/// <param name="Service">What they serve, <c>host:port</c>.</param>
/// <param name="Agents">How many there are.</param>
/// <param name="Tunnels">How many tunnels each of them holds.</param>
/// <param name="EndpointsPerAgent">How many endpoints each of them has.</param>
internal sealed record HerdPlan(IReadOnlyList<string> Servers, string Service, int Agents, int Tunnels = 1, int EndpointsPerAgent = 1)
{
    /// <summary>How many endpoints there are.</summary>
    public int Endpoints => Agents * EndpointsPerAgent;
}

/// <summary>Many agents in a few processes.</summary>
internal sealed class AgentHerd : IAsyncDisposable
{
    /// <summary>As many connections as one process may have, with room for what else it opens.</summary>
    private const int TunnelsPerProcess = 10_000;

    /// <summary>Together, of all processes.</summary>
    private const int BegunPerSecond = 1_000;

    private readonly ManagedProcess[] _processes;
    private readonly int[] _ready;

    public AgentHerd(HerdPlan plan, TimeProvider time)
    {
        Plan = plan;
        var count = Math.Max(2, (plan.Agents * plan.Tunnels + TunnelsPerProcess - 1) / TunnelsPerProcess);
        _ready = new int[count];
        _processes =
        [
            .. Enumerable.Range(0, count).Select(index =>
            {
                var (from, to) = (plan.Agents * index / count, plan.Agents * (index + 1) / count);
                return AgentsVerb.Start(plan, from * plan.EndpointsPerAgent, to - from, BegunPerSecond / count, ready => Volatile.Write(ref _ready[index], ready), time);
            }),
        ];
    }

    public HerdPlan Plan { get; }

    /// <summary>How many processes they are in.</summary>
    public int Processes => _processes.Length;

    /// <summary>How many agents have been ready so far.</summary>
    public int Ready => _ready.Sum();

    /// <summary>CPU and memory of all of them so far.</summary>
    public ProcessUsage ReadUsage() => _processes.Aggregate(default(ProcessUsage), (sum, process) => sum + ProcessUsage.Read(process.Id));

    /// <summary>Throws if one of the processes has ended.</summary>
    public void ThrowIfExited()
    {
        foreach (var process in _processes)
            process.ThrowIfExited();
    }

    public async ValueTask DisposeAsync()
    {
        // Ten thousand agents that leave in order take their time, and nobody is left to see it.
        await Task.WhenAll(_processes.Select(process => process.KillAsync().AsTask()));
        foreach (var process in _processes)
            await process.DisposeAsync();
    }
}
