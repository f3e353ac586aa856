using System.Text;
using Pico.Benchmarks.Targets;

namespace Pico.Benchmarks.Reports;

/// <summary>Writes <c>docs/benchmarks.md</c>, without the sections of other benchmarks (<see cref="PageSections"/>), which it keeps.</summary>
internal static class MarkdownReport
{
    public static void Write(string path, string command, RunPlan plan, MachineFacts machine, IReadOnlyList<Measurement> measurements)
    {
        var text = new StringBuilder();
        text.Append($"""
            # Benchmarks

            Written by `{command}`; do not edit.

            One nginx serves files of three sizes and takes uploads. It is reached in turn by each target, on one machine, over loopback,
            with the load made by `wrk` on the same cores; so the requests per second say what the whole chain, load and service included, costs, and the CPU
            columns what the target itself costs. The targets take turns within each repetition; every figure is the median of {plan.Repeat} repetitions of
            {plan.Seconds} s, each after a warm-up, and ± is half the distance of the slowest and the fastest repetition. MB and GB are 10⁶ and 10⁹ bytes of bodies. The configurations
            of nginx stand in `tests/Pico.Benchmarks/Nginx`.


            """);
        Table(text, ["target", "what"], Target.All.Select(target => new[] { $"`{target.Name}`", target.Description }));
        text.AppendLine("## The machine\n");
        Table(text, ["", ""], machine.Facts.Select(fact => new[] { fact.Name, fact.Value }));

        text.AppendLine("## Goals\n");
        Table(text, ["at most", "required", "aimed at", "measured", ""],
            Goal.Compare(measurements).Select(goal => new[] { goal.Text, goal.Required, goal.Aimed, goal.Measured, goal.IsMet ? "met" : "missed" }));

        text.AppendLine("## Loads\n");
        Table(text, Texts.Columns, measurements.Where(measurement => measurement.Connections > 0).Select(Texts.Row));

        text.AppendLine("## Memory without load\n");
        Table(text, ["when", "target", "RSS MiB", "peak MiB"],
            from measurement in measurements
            where measurement.Connections == 0
            select new[]
            {
                measurement.Scenario, measurement.Target,
                Texts.ByProcess(measurement.Resident, "0.0"), Texts.ByProcess(measurement.ResidentPeak, "0.0"),
            });
        text.Append(PageSections.Read(path));
        File.WriteAllText(path, text.ToString().TrimEnd() + "\n");
    }

    public static void Table(StringBuilder text, IReadOnlyList<string> columns, IEnumerable<string[]> rows)
    {
        text.AppendLine("| " + string.Join(" | ", columns) + " |");
        text.AppendLine("|" + string.Concat(Enumerable.Repeat(" --- |", columns.Count)));
        foreach (var row in rows)
            text.AppendLine("| " + string.Join(" | ", row) + " |");
        text.AppendLine();
    }
}
