namespace Pico.Cli.Status;

/// <summary>Rows under a header, in columns as wide as their widest cell.</summary>
internal static class Table
{
    private const string Gap = "   ";

    public static void Write(TextWriter output, string[] header, IEnumerable<string[]> rows)
    {
        var all = rows.Prepend(header).Select(row => row.Select(Printable).ToArray()).ToArray();
        var widths = header.Select((_, column) => all.Max(row => row[column].Length)).ToArray();
        foreach (var row in all)
            output.WriteLine(string.Join(Gap, row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    // Names come from agents.
    private static string Printable(string cell) => cell.Length == 0 ? "-" : ConsoleText.Printable(cell);
}
