using System.Globalization;

namespace Pico.Agent.Endpoints;

/// <summary>Durations as people write them: a number and a unit, <c>250ms</c>, <c>10s</c>, <c>1.5m</c>, <c>2h</c>.</summary>
internal static class Duration
{
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan duration)
    {
        duration = default;
        text = text.Trim();
        var unit = text.TrimStart("0123456789.");
        double? seconds = unit switch
        {
            "ms" => 0.001,
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            _ => null,
        };
        if (seconds is null || !double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)
            || count * seconds > TimeSpan.FromDays(36500).TotalSeconds)
        {
            return false;
        }

        duration = TimeSpan.FromSeconds(count * seconds.Value);
        return true;
    }
}
