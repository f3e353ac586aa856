using System.Globalization;
using System.Text;

namespace Pico.Configuration.Types;

/// <summary>A length of time such as <c>30s</c>, <c>5m</c>, <c>1h30m</c> or <c>250ms</c>; each unit at most once, the greater first.</summary>
internal sealed class DurationType(TimeSpan min, TimeSpan max, string? zero) : OptionType<TimeSpan>
{
    // The longest-lived value of TimeSpan's arithmetic that stays exact in milliseconds as a long.
    private const long MaxCount = int.MaxValue;

    private static readonly (string Suffix, long Milliseconds)[] Units =
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

    public override string Name => "duration";

    public override string Allowed =>
        $"a duration such as 30s, 5m, 1h30m or 250ms, from {Text(min)} to {Text(max)}" + (zero is null ? "" : $"; 0 means {zero}");

    public override bool TryParse(string text, out TimeSpan value)
    {
        if (text == "0")
        {
            value = TimeSpan.Zero;
            return zero is not null || min == TimeSpan.Zero;
        }

        return TryRead(text, out value) && ((value == TimeSpan.Zero && zero is not null) || (value >= min && value <= max));
    }

    public override string Format(TimeSpan value) => Text(value);

    private static bool TryRead(ReadOnlySpan<char> text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        long total = 0;
        var unit = 0;
        if (text.IsEmpty)
            return false;
        while (!text.IsEmpty)
        {
            var digits = text.IndexOfAnyExceptInRange('0', '9');
            if (digits <= 0 || !long.TryParse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count > MaxCount)
                return false;
            text = text[digits..];
            var end = text.IndexOfAnyInRange('0', '9');
            var suffix = end < 0 ? text : text[..end];
            while (unit < Units.Length && !suffix.SequenceEqual(Units[unit].Suffix))
                unit++;
            if (unit == Units.Length)
                return false;
            total += count * Units[unit++].Milliseconds;
            text = text[suffix.Length..];
        }

        if (total > TimeSpan.MaxValue.TotalMilliseconds / 2)
            return false;
        value = TimeSpan.FromMilliseconds(total);
        return true;
    }

    private static string Text(TimeSpan value)
    {
        var left = (long)value.TotalMilliseconds;
        if (left == 0)
            return "0";
        var text = new StringBuilder();
        foreach (var (suffix, milliseconds) in Units)
        {
            if (left / milliseconds is > 0 and var count)
                text.Append(CultureInfo.InvariantCulture, $"{count}{suffix}");
            left %= milliseconds;
        }

        return text.ToString();
    }
}
