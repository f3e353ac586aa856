using System.Globalization;
using System.Net.Sockets;
using Pico.Benchmarks.Load;
using Pico.Benchmarks.Processes;
using Pico.Benchmarks.Targets;

namespace Pico.Benchmarks.Soak;

/// <summary>
/// Everything at once, for long: kept and new connections, small and large, slow readers, clients that go away, tunnels that are lost, agents that die.
/// <code>
///   wrk, clients ──▶ server ◀── agent            requests must not fail
///                          ◀── relay ◀── agent-cut      loses its tunnels: requests may fail
///                          ◀── an agent that is killed and started anew: requests may fail
/// </code>
/// </summary>
internal sealed class SoakRun(TargetContext context, TimeSpan length, Action<string> say)
{
    private const string Cut = "cut";
    private const string Killed = "killed";
    private const int SliceSeconds = 3;

    private static readonly Scenario Small = Scenario.All.Single(scenario => scenario.Name == "small");
    private static readonly Scenario Upload = Scenario.All.Single(scenario => scenario.IsUpload);
    private static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SlowPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly int _port = FreePort.Take(1)[0];
    private readonly List<SoakSample> _samples = [];
    private readonly List<SoakLatency> _latencies = [];
    private long _start;
    private int _new;
    private int _slow;
    private int _reset;
    private int _restarts;
    private int _answered;
    private int _failed;

    public IReadOnlyList<SoakSample> Samples => _samples;

    public IReadOnlyList<SoakLatency> Latencies => _latencies;

    /// <summary>What ran, in numbers.</summary>
    public string Ran { get; private set; } = "";

    private double Progress => context.Time.GetElapsedTime(_start) / length;

    /// <summary>Runs to its end. Throws if a request fails that must not, or a process ends.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var ports = FreePort.Take(5);
        var (upstream, admin) = (ports[0], ports[1]);
        await using var server = Target.Server("server", context, _port, upstream, admin);
        await using var relay = new CuttingRelay(upstream);
        await using var agent = Target.Agent("agent", context, upstream, ports[2]);
        await using var cut = Target.Agent("agent-cut", context, relay.Port, ports[3], Cut);
        var target = new RunningTarget("pico", _port, [server, agent, cut]);
        await target.WaitUntilReadyAsync(Scenario.All, context.Time, cancellation);

        using var over = new CancellationTokenSource(length, context.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellation);
        _start = context.Time.GetTimestamp();
        Task[] loops =
        [
            SampleAsync([server, agent, cut], stop.Token),
            LatencyAsync(target, stop.Token),
            LoadAsync(target, "64k", 2, stop.Token),
            LoadAsync(target, "10m", 1, stop.Token),
            LoadAsync(target, Upload.Name, 1, stop.Token),
            EveryAsync(TimeSpan.FromMilliseconds(50), NewConnectionAsync, stop.Token),
            .. Enumerable.Range(0, 4).Select(_ => EveryAsync(TimeSpan.FromMilliseconds(250), SlowReaderAsync, stop.Token)),
            EveryAsync(TimeSpan.FromMilliseconds(200), ResetAsync, stop.Token),
            EveryAsync(TimeSpan.FromMilliseconds(20), token => TryAsync(Cut, token), stop.Token),
            EveryAsync(TimeSpan.FromMilliseconds(20), token => TryAsync(Killed, token), stop.Token),
            EveryAsync(TimeSpan.FromSeconds(5), _ => CutAsync(relay), stop.Token),
            RestartAsync(upstream, ports[4], stop.Token),
        ];
        foreach (var loop in loops)
            _ = loop.ContinueWith(_ => stop.Cancel(), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        await Task.WhenAll(loops.Select(IgnoreStop));
        cancellation.ThrowIfCancellationRequested();
        target.ThrowIfExited();
        if (_answered < _failed)
            throw new BenchmarkException($"Of the requests whose agents are cut off or killed, {_answered:N0} were answered and {_failed:N0} failed.");
        Ran = string.Create(CultureInfo.InvariantCulture,
            $"{length.TotalMinutes:0.##} minutes of small requests at four connections, `64k` at two, `10m` and `upload-10m` at one each, all as fast as they are answered; beside them {_new:N0} requests on connections of their own, "
            + $"{_slow:N0} downloads of 10 MiB at 0.8 MB/s, four at a time, and {_reset:N0} downloads and uploads whose client went away with a reset. None of these failed but the last. A second agent lost all its tunnels {relay.Cuts:N0} times, "
            + $"a third was killed and started anew {_restarts:N0} times: of requests to these two {_answered:N0} were answered, {_failed:N0} were not.");
    }

    private static async Task IgnoreStop(Task loop)
    {
        try
        {
            await loop;
        }
        catch (OperationCanceledException)
        {
            // The time is over, or another loop failed.
        }
    }

    private async Task SampleAsync(ManagedProcess[] processes, CancellationToken cancellation)
    {
        var every = Math.Max(10, (int)(length.TotalSeconds / 60));
        using var timer = new PeriodicTimer(SampleInterval, context.Time);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            foreach (var process in processes)
                process.ThrowIfExited();
            var sample = new SoakSample(Progress, processes.ToDictionary(process => process.Name, process => Holdings.Read(process.Id)));
            _samples.Add(sample);
            if (_samples.Count % every == 0)
            {
                say($"{context.Time.GetElapsedTime(_start):hh\\:mm\\:ss}  p99 {_latencies.LastOrDefault()?.P99Milliseconds:0.00} ms  "
                    + string.Join("  ", sample.Processes.Select(process => $"{process.Key}: {process.Value}"))
                    + $"  ({_new} new connections, {_slow} slow, {_reset} reset; cut off or killed: {_answered} answered, {_failed} not)");
            }
        }
    }

    private async Task LatencyAsync(RunningTarget target, CancellationToken cancellation)
    {
        while (true)
        {
            var progress = Progress;
            var load = await Wrk.RunAsync(target, Small, 4, SliceSeconds, cancellation);
            _latencies.Add(new SoakLatency(progress, load.P99Microseconds / 1e3));
        }
    }

    private static async Task LoadAsync(RunningTarget target, string name, int connections, CancellationToken cancellation)
    {
        var scenario = Scenario.All.Single(scenario => scenario.Name == name);
        while (true)
            await Wrk.RunAsync(target, scenario, connections, SliceSeconds, cancellation);
    }

    /// <summary>Again and again, one at a time, not more often than given. What it does may take a minute.</summary>
    private async Task EveryAsync(TimeSpan interval, Func<CancellationToken, Task> action, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(interval, context.Time);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            using var timeout = new CancellationTokenSource(Patience, context.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
            try
            {
                await action(either.Token);
            }
            catch (Exception failure) when (failure is IOException or SocketException || (failure is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                throw new BenchmarkException($"A request that must not fail did after {Progress:P0} of the time: {failure.Message}");
            }
        }
    }

    private async Task NewConnectionAsync(CancellationToken cancellation)
    {
        await DownloadAsync(Small, TimeSpan.Zero, cancellation);
        _new++;
    }

    private async Task SlowReaderAsync(CancellationToken cancellation)
    {
        await DownloadAsync(Scenario.Download, SlowPause, cancellation);
        Interlocked.Increment(ref _slow);
    }

    private async Task DownloadAsync(Scenario scenario, TimeSpan pause, CancellationToken cancellation)
    {
        using var request = await RawRequest.SendAsync(_port, RunningTarget.EndpointId, scenario.Path, upload: 0, cancellation);
        var status = await request.ReadHeadAsync(cancellation);
        if (status != 200)
            throw new BenchmarkException($"{scenario.Name} was answered with {status}.");
        await request.ReadAsync(scenario.Bytes, pause, context.Time, cancellation);
        if (request.Remaining != 0)
            throw new BenchmarkException($"{scenario.Name} came with {request.Remaining} bytes too many.");
    }

    private async Task ResetAsync(CancellationToken cancellation)
    {
        var isUpload = _reset++ % 4 == 3;
        using var request = await RawRequest.SendAsync(
            _port, RunningTarget.EndpointId, isUpload ? Upload.Path : Scenario.Download.Path, isUpload ? Upload.Bytes : 0, cancellation);
        if (isUpload)
        {
            await request.SendBodyAsync(256 * 1024, cancellation);
        }
        else
        {
            await request.ReadHeadAsync(cancellation);
            await request.ReadAsync(64 * 1024, TimeSpan.Zero, context.Time, cancellation);
        }

        request.Reset();
    }

    /// <summary>A small request that may fail.</summary>
    private async Task TryAsync(string endpoint, CancellationToken cancellation)
    {
        try
        {
            using var request = await RawRequest.SendAsync(_port, endpoint, Small.Path, upload: 0, cancellation);
            Interlocked.Increment(ref await request.ReadHeadAsync(cancellation) == 200 ? ref _answered : ref _failed);
        }
        catch (Exception failure) when (failure is IOException or SocketException)
        {
            Interlocked.Increment(ref _failed);
        }
    }

    private static Task CutAsync(CuttingRelay relay)
    {
        relay.Cut();
        return Task.CompletedTask;
    }

    private async Task RestartAsync(int upstream, int port, CancellationToken cancellation)
    {
        while (true)
        {
            await using var agent = Target.Agent("agent-killed", context, upstream, port, Killed);
            await Task.Delay(TimeSpan.FromSeconds(10), context.Time, cancellation);
            await agent.KillAsync();
            _restarts++;
        }
    }
}
