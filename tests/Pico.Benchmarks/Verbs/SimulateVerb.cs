using System.CommandLine;
using Pico.Simulation;

namespace Pico.Benchmarks.Verbs;

/// <summary>The gossip in its simulator, for as long and over as many seeds as somebody has time: `make simulate`.</summary>
internal static class SimulateVerb
{
    private const long Hour = 3_600_000;

    private static readonly Option<int> Seeds = new("--seeds") { Description = "How many seeds run, each for --minutes of the cluster's time.", DefaultValueFactory = _ => 2000 };
    private static readonly Option<int> First = new("--first") { Description = "The first seed.", DefaultValueFactory = _ => 1 };
    private static readonly Option<int> Minutes = new("--minutes") { Description = "The cluster's time for each seed.", DefaultValueFactory = _ => 10 };
    private static readonly Option<int> Hours = new("--hours") { Description = "Hours of one more cluster, with the first seed. 0 leaves it out.", DefaultValueFactory = _ => 24 };

    public static Command Create()
    {
        var command = new Command("simulate", "Runs the gossip's simulator: crashes, partitions, loss, in virtual time. Fails with the seed that found something.")
        {
            Seeds, First, Minutes, Hours,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        var time = TimeProvider.System;
        var start = time.GetTimestamp();
        var runs = new List<(int Seed, long Length)>();
        var first = parsed.GetValue(First);
        if (parsed.GetValue(Hours) is > 0 and var hours)
            runs.Add((first, hours * Hour));
        runs.AddRange(Enumerable.Range(first, parsed.GetValue(Seeds)).Select(seed => (seed, parsed.GetValue(Minutes) * Hour / 60)));
        var total = new Total();
        var failures = new List<string>();
        Parallel.ForEach(runs, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, run =>
        {
            try
            {
                var scenario = new ChaosScenario(run.Seed);
                scenario.Run(run.Length);
                total.Add(scenario, run.Length, runs.Count, time.GetElapsedTime(start));
            }
            catch (SimulationException exception)
            {
                lock (failures)
                    failures.Add(exception.Message);
                Console.WriteLine($"FAILED {exception.Message}");
            }
        });
        Console.WriteLine(total);
        return failures.Count == 0 ? 0 : throw new BenchmarkException($"{failures.Count} of {runs.Count} runs failed; the first: {failures[0]}");
    }

    private sealed class Total
    {
        private readonly Lock _gate = new();
        private int _runs;
        private long _checks;
        private long _packets;
        private long _length;
        private long _slowestConvergence;
        private long _slowestHealing;

        public void Add(ChaosScenario scenario, long length, int runs, TimeSpan elapsed)
        {
            lock (_gate)
            {
                _runs++;
                _checks += scenario.Checks;
                _packets += scenario.Packets;
                _length += length;
                _slowestConvergence = Math.Max(_slowestConvergence, scenario.SlowestConvergence);
                _slowestHealing = Math.Max(_slowestHealing, scenario.SlowestHealing);
                if (_runs % 50 == 0 || length > Hour || _runs == runs)
                    Console.WriteLine($"{elapsed:hh\\:mm\\:ss}  {_runs} of {runs} runs, {_length / (double)Hour:N1} h of clusters");
            }
        }

        public override string ToString() =>
            $"{_runs} runs held, {_length / (double)Hour:N1} h of clusters, {_packets:N0} packets, {_checks:N0} times everything was compared: "
            + $"converged within {_slowestConvergence} ms while packets got lost, within {_slowestHealing} ms of the loss's end";
    }
}
