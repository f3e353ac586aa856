using Spectre.Console;

namespace Pico.Benchmarks.Reports;

/// <summary>The tables at the end of a run.</summary>
internal static class ConsoleReport
{
    /// <summary>Room for the widest row; without a terminal the console would assume 80 columns and break figures in two.</summary>
    private const int MinWidth = 260;

    public static void Print(IAnsiConsole console, IReadOnlyList<Measurement> measurements)
    {
        console.Profile.Width = Math.Max(console.Profile.Width, MinWidth);
        var loads = new Table().Border(TableBorder.Simple);
        foreach (var column in Texts.Columns)
            loads.AddColumn(new TableColumn(Markup.Escape(column)).NoWrap());
        var group = "";
        foreach (var measurement in measurements.Where(measurement => measurement.Connections > 0))
        {
            var next = measurement.Scenario + measurement.Connections;
            if (group.Length > 0 && next != group)
                loads.AddEmptyRow();
            group = next;
            loads.AddRow([.. Texts.Row(measurement).Select(Markup.Escape)]);
        }

        var idle = new Table().Border(TableBorder.Simple).AddColumns("idle", "target", "RSS MiB", "peak MiB");
        foreach (var measurement in measurements.Where(measurement => measurement.Connections == 0))
        {
            idle.AddRow(
                measurement.Scenario, measurement.Target,
                Texts.ByProcess(measurement.Resident, "0.0"), Texts.ByProcess(measurement.ResidentPeak, "0.0"));
        }

        console.Write(loads);
        console.Write(idle);
        foreach (var goal in Goal.Compare(measurements))
            console.MarkupLine((goal.IsMet ? "[green]met[/] " : "missed ") + Markup.Escape($"{goal.Text}: {goal.Measured}, at most {goal.Required}{(goal.Aimed.Length > 0 ? $" (aimed at {goal.Aimed})" : "")}"));
    }
}
