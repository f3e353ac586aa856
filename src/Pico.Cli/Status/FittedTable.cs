using Spectre.Console;

namespace Pico.Cli.Status;

/// <summary>
/// Rows under a header, in one line each, whatever the width of the terminal. What does not fit is made to, in this order: (1) long texts are cut down to what they need at least;
/// (2) the most dispensable columns go; (3) the longest cells are cut.
/// </summary>
internal static class FittedTable
{
    private const int Gap = 2;
    private const int Shortest = 4;

    /// <summary>Writes it.</summary>
    public static void Write<T>(Screen screen, bool isWide, IReadOnlyList<Column<T>> columns, IReadOnlyCollection<T> rows)
    {
        var fields = columns.Where(c => isWide || !c.IsWide).Select(c => new Field<T>(c, [.. rows.Select(r => Printable(c.Cell(r)))])).ToList();
        if (!isWide && screen.Width is { } width)
            Fit(fields, width);

        var table = new Table().NoBorder();
        foreach (var field in fields)
        {
            table.AddColumn(new TableColumn(new Text(Cut(field.Column.Header, field.Width), new Style(decoration: Decoration.Bold)))
            {
                Width = field.Width,
                NoWrap = true,
                Padding = new Padding(0, 0, field == fields[^1] ? 0 : Gap, 0),
                Alignment = field.Column.IsNumber ? Justify.Right : Justify.Left,
            });
        }

        for (var row = 0; row < rows.Count; row++)
            table.AddRow(fields.Select(f => new Text(Cut(f.Cells[row], f.Width), new Style(f.Column.Colour?.Invoke(f.Cells[row])))));
        (isWide ? screen.Wide() : screen).Write(table);
    }

    private static void Fit<T>(List<Field<T>> fields, int width)
    {
        int Excess() => fields.Sum(f => f.Width) + ((fields.Count - 1) * Gap) - width;
        foreach (var field in fields.Where(f => f.Column.Least > 0)) // 1.
            field.Width -= Math.Clamp(field.Width - Math.Max(field.Column.Least, field.Column.Header.Length), 0, Math.Max(0, Excess()));
        while (Excess() > 0 && fields.MaxBy(f => f.Column.Rank) is { Column.Rank: > 0 } last) // 2.
            fields.Remove(last);
        while (Excess() > 0 && fields.MaxBy(f => f.Width) is { Width: > Shortest } longest) // 3.
            longest.Width--;
        // What is left over, those get back that were cut first.
        foreach (var field in fields.Where(f => f.Column.Least > 0))
            field.Width = Math.Min(field.Natural, field.Width + Math.Max(0, -Excess()));
    }

    private static string Cut(string text, int width) => text.Length <= width ? text : string.Concat(text.AsSpan(0, width - 1), "…");

    // Names come from agents.
    private static string Printable(string cell) => cell.Length == 0 ? "-" : ConsoleText.Printable(cell);

    private sealed class Field<T>
    {
        public Field(Column<T> column, string[] cells)
        {
            (Column, Cells) = (column, cells);
            Natural = cells.Append(column.Header).Max(c => c.Length);
            Width = Natural;
        }

        public Column<T> Column { get; }

        public string[] Cells { get; }

        public int Natural { get; }

        public int Width { get; set; }
    }
}
