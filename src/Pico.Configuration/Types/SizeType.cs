using System.Globalization;

namespace Pico.Configuration.Types;

/// <summary>A number of bytes such as <c>64KiB</c>, <c>16MiB</c>, <c>1GiB</c> or <c>512</c>.</summary>
internal sealed class SizeType(long min, long max) : OptionType<long>
{
    private static readonly (string Suffix, int Shift)[] Units = [("GiB", 30), ("MiB", 20), ("KiB", 10), ("", 0)];

    public override string Name => "size";

    public override string Allowed => $"a size such as 512, 64KiB, 16MiB or 1GiB, from {Text(min)} to {Text(max)}";

    public override bool TryParse(string text, out long value)
    {
        foreach (var (suffix, shift) in Units)
        {
            if (!text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
                continue;
            var number = text.AsSpan(0, text.Length - suffix.Length);
            if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out value) || value > long.MaxValue >> shift)
                return false;
            value <<= shift;
            return value >= min && value <= max;
        }

        value = 0;
        return false;
    }

    public override string Format(long value) => Text(value);

    private static string Text(long value)
    {
        var (suffix, shift) = Units.First(u => u.Shift == 0 || (value != 0 && value % (1L << u.Shift) == 0));
        return string.Create(CultureInfo.InvariantCulture, $"{value >> shift}{suffix}");
    }
}
