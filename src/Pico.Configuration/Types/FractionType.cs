using System.Globalization;

namespace Pico.Configuration.Types;

/// <summary>A share of a whole: 0 is none, 1 is all.</summary>
internal sealed class FractionType : OptionType<double>
{
    public override string Name => "share";

    public override string Allowed => "a number from 0 to 1, such as 0.1";

    public override bool TryParse(string text, out double value) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value) && value is >= 0 and <= 1;

    public override string Format(double value) => value.ToString(CultureInfo.InvariantCulture);
}
