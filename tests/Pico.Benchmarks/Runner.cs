using Pico.Benchmarks.Load;
using Pico.Benchmarks.Processes;
using Pico.Benchmarks.Targets;

namespace Pico.Benchmarks;

/// <summary>What of the tables runs, and how long.</summary>
internal sealed record RunPlan(
    IReadOnlyList<Target> Targets, IReadOnlyList<(Scenario Scenario, int Connections)> Loads, int Seconds, int Repeat, int FirstWarmupSeconds);

/// <summary>
/// Measures every load on every target. The targets take turns within each load of each repetition, so that a drift of
/// the machine meets all of them alike; what is reported is the median of the repetitions, value by value.
/// </summary>
internal sealed class Runner(RunPlan plan, TimeProvider time, Action<string> progress) : IDisposable
{
    private const int WarmupSeconds = 1;

    /// <summary>How much longer than the measurement downloads beside it are meant to last; they are ended with it.</summary>
    private const int MaxSecondsBeside = 60;

    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(2);

    private readonly Dictionary<(Target Target, Scenario Scenario, int Connections), List<Measurement>> _samples = [];
    private readonly HashSet<string> _warm = [];
    private readonly AllocatedBytes _allocated = new();

    /// <summary>Gives a measurement per load and target, and two of each target that is made of processes: idle before and after the loads.</summary>
    public async Task<IReadOnlyList<Measurement>> RunAsync(TargetContext context, CancellationToken cancellation)
    {
        var running = new List<(Target Target, RunningTarget Running)>();
        try
        {
            foreach (var target in plan.Targets)
            {
                progress($"starting {target.Name}");
                var started = target.Start(context);
                running.Add((target, started));
                await started.WaitUntilReadyAsync(plan.Loads.Select(load => load.Scenario).Distinct(), time, cancellation);
            }

            var results = await MeasureIdleAsync("idle", running, cancellation);
            for (var repetition = 1; repetition <= plan.Repeat; repetition++)
            {
                foreach (var (scenario, connections) in plan.Loads)
                {
                    foreach (var (target, started) in running)
                        await MeasureLoadAsync(target, started, scenario, connections, repetition, cancellation);
                }
            }

            results.AddRange(from load in plan.Loads from target in plan.Targets select Median.Of(_samples[(target, load.Scenario, load.Connections)]));
            results.AddRange(await MeasureIdleAsync("idle-after-load", running, cancellation));
            return results;
        }
        finally
        {
            foreach (var (_, started) in running)
                await started.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _allocated.Dispose();

    private async Task MeasureLoadAsync(
        Target target, RunningTarget running, Scenario scenario, int connections, int repetition, CancellationToken cancellation)
    {
        var warmup = _warm.Add(target.Name) ? plan.FirstWarmupSeconds : WarmupSeconds;
        using var measured = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var beside = scenario.DownloadsBeside == 0
            ? Task.CompletedTask
            : Wrk.RunAsync(running, Scenario.Download, scenario.DownloadsBeside, warmup + plan.Seconds + MaxSecondsBeside, measured.Token);
        await Wrk.RunAsync(running, scenario, connections, warmup, cancellation);
        var allocated = await _allocated.ReadAsync(running.Metrics, cancellation);
        var before = running.ReadUsage();
        var load = await Wrk.RunAsync(running, scenario, connections, plan.Seconds, cancellation);
        var sample = Sample(target.Name, scenario, connections, load, before, running.ReadUsage());
        if (scenario.CountsAllocations)
            sample = sample with { Allocated = AllocatedBytes.PerRequest(allocated, await _allocated.ReadAsync(running.Metrics, cancellation), load.Requests) };
        if (beside.IsCompleted)
            await beside; // where there is one, it failed
        await measured.CancelAsync();
        await beside.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_samples.TryGetValue((target, scenario, connections), out var samples))
            _samples[(target, scenario, connections)] = samples = [];
        samples.Add(sample);
        progress($"{repetition}/{plan.Repeat} {scenario.Name,-10} x{connections,-3} {target.Name,-7} {sample.RequestsPerSecond,9:N0} req/s "
            + $"{sample.MegabytesPerSecond,7:N0} MB/s  p50 {sample.P50Milliseconds,8:N3} ms  p99 {sample.P99Milliseconds,8:N3} ms  "
            + (scenario.IsBulk ? $"CPU {sample.TotalCpuPerGigabyte:N2} s/GB" : $"CPU {sample.TotalCpuPer1000:N4} s/1000"));
    }

    private static Measurement Sample(
        string target, Scenario scenario, int connections, LoadResult load,
        IReadOnlyDictionary<string, ProcessUsage> before, IReadOnlyDictionary<string, ProcessUsage> after)
    {
        var seconds = load.DurationMicroseconds / 1e6;
        var gigabytes = (double)load.Requests * scenario.Bytes / 1e9;
        // What downloads beside the requests cost is not theirs.
        var cpu = scenario.DownloadsBeside > 0 ? [] : after.ToDictionary(process => process.Key, process => process.Value.CpuSeconds - before[process.Key].CpuSeconds);
        return new Measurement
        {
            Target = target,
            Scenario = scenario.Name,
            Connections = connections,
            IsBulk = scenario.IsBulk,
            RequestsPerSecond = load.Requests / seconds,
            P50Milliseconds = load.P50Microseconds / 1e3,
            P99Milliseconds = load.P99Microseconds / 1e3,
            MegabytesPerSecond = gigabytes * 1000 / seconds,
            CpuPer1000 = cpu.ToDictionary(process => process.Key, process => process.Value * 1000 / load.Requests),
            CpuPerGigabyte = cpu.ToDictionary(process => process.Key, process => process.Value / gigabytes),
            Resident = Mebibytes(after, usage => usage.ResidentBytes),
            ResidentPeak = Mebibytes(after, usage => usage.PeakResidentBytes),
        };
    }

    private async Task<List<Measurement>> MeasureIdleAsync(
        string name, IEnumerable<(Target Target, RunningTarget Running)> targets, CancellationToken cancellation)
    {
        await Task.Delay(SettleTime, time, cancellation);
        return
        [
            .. from entry in targets
               let usage = entry.Running.ReadUsage()
               where usage.Count > 0
               select new Measurement
               {
                   Target = entry.Target.Name,
                   Scenario = name,
                   Connections = 0,
                   Resident = Mebibytes(usage, process => process.ResidentBytes),
                   ResidentPeak = Mebibytes(usage, process => process.PeakResidentBytes),
               },
        ];
    }

    private static Dictionary<string, double> Mebibytes(IReadOnlyDictionary<string, ProcessUsage> usage, Func<ProcessUsage, long> bytes) =>
        usage.ToDictionary(process => process.Key, process => Math.Round(bytes(process.Value) / 1048576.0, 1));
}
