using System.Globalization;

namespace Pico.Cli;

/// <summary>How values are written for people.</summary>
internal static class ConsoleText
{
    private static readonly string[] SizeUnits = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>A time in UTC.</summary>
    public static string Time(DateTime time) => time.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A time in UTC; empty if there is none.</summary>
    public static string Time(DateTimeOffset? time) => time is { } t ? Time(t.UtcDateTime) : "";

    /// <summary>A whole number.</summary>
    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>A figure, with three digits or so; empty if there is none.</summary>
    public static string Figure(double? value) => value is { } v ? v.ToString(v is 0 or >= 100 ? "0" : v >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture) : "";

    /// <summary>How long something has been, in its two greatest units.</summary>
    public static string Age(TimeSpan age) => age switch
    {
        { TotalDays: >= 1 } => $"{(int)age.TotalDays}d{age.Hours}h",
        { TotalHours: >= 1 } => $"{age.Hours}h{age.Minutes}m",
        { TotalMinutes: >= 1 } => $"{age.Minutes}m{age.Seconds}s",
        _ => $"{Math.Max(0, (int)age.TotalSeconds)}s",
    };

    /// <summary>A size in bytes.</summary>
    public static string Size(long bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        for (; value >= 1024 && unit < SizeUnits.Length - 1; unit++)
            value /= 1024;
        return value.ToString(unit == 0 || value >= 100 ? "0" : "0.0", CultureInfo.InvariantCulture) + " " + SizeUnits[unit];
    }

    /// <summary>What strangers wrote, with nothing that moves a terminal's cursor.</summary>
    public static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
