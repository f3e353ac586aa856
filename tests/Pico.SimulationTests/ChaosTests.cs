using Pico.Simulation;

namespace Pico.SimulationTests;

/// <summary>An hour of a cluster's time in which everything goes wrong, over twenty seeds. `make simulate` does the same for days and thousands of seeds.</summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Hour_OfLossPartitionsAndCrashes_ConvergesEachTimeAndRaisesNoDead(int seed)
    {
        var scenario = new ChaosScenario(seed);
        scenario.Run(3_600_000);

        output.WriteLine($"seed {seed}: {scenario.Checks} checks, converged in at most {scenario.SlowestConvergence} ms under loss, {scenario.SlowestHealing} ms without; {scenario.Packets} packets");
        Assert.InRange(scenario.Checks, 10, int.MaxValue);
    }

    public static IEnumerable<TheoryDataRow<int>> Seeds() => Enumerable.Range(1, 20).Select(seed => new TheoryDataRow<int>(seed));
}
