using System.Globalization;

namespace Pico.Cli;

/// <summary>How values are written for people.</summary>
internal static class ConsoleText
{
    /// <summary>A time in UTC.</summary>
    public static string Time(DateTime time) => time.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>What strangers wrote, with nothing that moves a terminal's cursor.</summary>
    public static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
