using Spectre.Console;

namespace Pico.Cli.Status.Checking;

/// <summary>A finding for people: mark, step, text, and what to do below it.</summary>
internal static class FindingText
{
    private const int MarkWidth = 6;
    private const int StepWidth = 10;

    public static void Write(Screen screen, Finding finding)
    {
        var (mark, colour) = finding.Verdict switch
        {
            Verdict.Good => ("ok", Color.Green),
            Verdict.Doubtful => ("?", Color.Yellow),
            _ => ("FAILED", Color.Red),
        };
        var table = new Table().NoBorder().HideHeaders()
            .AddColumn(new TableColumn("") { Width = MarkWidth, Padding = new Padding(0, 0, 2, 0), NoWrap = true })
            .AddColumn(new TableColumn("") { Width = StepWidth, Padding = new Padding(0, 0, 2, 0), NoWrap = true })
            .AddColumn(new TableColumn("") { Padding = new Padding(0) })
            .AddRow(new Text(mark, new Style(colour)), new Text(finding.Step), new Text(ConsoleText.Printable(finding.Text)));
        if (finding.Advice.Length > 0)
            table.AddRow(new Text(""), new Text(""), new Text("→ " + ConsoleText.Printable(finding.Advice)));
        screen.Write(table);
    }
}
