using System.Text;
using Pico.Benchmarks.Reports;
using Spectre.Console;

namespace Pico.Benchmarks.Scale.Reports;

/// <summary>How a part's figures are shown, in the terminal and as a section of <c>docs/benchmarks.md</c>.</summary>
internal static class ScaleReport
{
    private static readonly string[] Columns = ["what", "measured", "goal"];

    public static void Print(IAnsiConsole console, ScaleResult result)
    {
        console.WriteLine(result.Ran);
        var table = new Table().Border(TableBorder.Simple).AddColumns(Columns);
        foreach (var figure in result.Figures)
            table.AddRow(new Text(figure.What), new Text(figure.Value), new Text(figure.Goal));
        console.Write(table);
    }

    public static void Write(string path, ScalePart part, string command, MachineFacts machine, ScaleResult result)
    {
        var text = new StringBuilder();
        text.AppendLine($"## {part.Title}\n");
        text.AppendLine($"Written by `{command}`; {string.Join("; ", machine.Facts.Take(3).Select(fact => fact.Value))}.\n");
        text.AppendLine(result.Ran + "\n");
        MarkdownReport.Table(text, Columns, result.Figures.Select(figure => new[] { figure.What, figure.Value, figure.Goal }));
        PageSections.Write(path, $"scale {part.Name}", text.ToString());
    }
}
