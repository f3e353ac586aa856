using System.Globalization;

namespace Pico.Configuration.Types;

/// <summary>A whole number within a range.</summary>
internal sealed class NumberType(int min, int max) : OptionType<int>
{
    public override string Name => "number";

    public override string Allowed => $"a whole number from {min} to {max}";

    public override bool TryParse(string text, out int value) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= min && value <= max;

    public override string Format(int value) => value.ToString(CultureInfo.InvariantCulture);
}
