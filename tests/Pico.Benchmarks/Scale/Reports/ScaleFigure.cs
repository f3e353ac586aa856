namespace Pico.Benchmarks.Scale.Reports;

/// <summary>One line of a part's table.</summary>
/// <param name="What">What was measured, with its unit's meaning.</param>
/// <param name="Value">The figure, with its unit.</param>
/// <param name="Goal">What it has to be, and whether it is; empty if there is no such bound.</param>
internal sealed record ScaleFigure(string What, string Value, string Goal = "")
{
    /// <summary>A figure that has to be at most <paramref name="required"/>, and is meant to be at most <paramref name="aimed"/>.</summary>
    public static ScaleFigure AtMost(string what, double value, double required, double? aimed, string format, string unit)
    {
        string Text(double number) => number.ToString(format, System.Globalization.CultureInfo.InvariantCulture) + unit;
        var bounds = aimed is { } aim ? $"at most {Text(required)}, aimed at {Text(aim)}" : $"at most {Text(required)}";
        return new ScaleFigure(what, Text(value), $"{bounds}: {(value > required ? "missed" : value <= aimed ? "met, the aim too" : "met")}");
    }
}

/// <summary>What a part has found.</summary>
/// <param name="Ran">What ran, on how many processes: a sentence or two.</param>
/// <param name="Figures">Its table.</param>
internal sealed record ScaleResult(string Ran, IReadOnlyList<ScaleFigure> Figures);
