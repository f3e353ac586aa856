using System.Diagnostics.CodeAnalysis;

namespace Pico.Configuration.Types;

/// <summary>A text with a rule of its own: a name, an address, a URL, a path.</summary>
internal sealed class TextType(string name, string allowed, Func<string, bool> isValid) : OptionType<string>
{
    public override string Name => name;

    public override string Allowed => allowed;

    public override bool TryParse(string text, [MaybeNullWhen(false)] out string value)
    {
        value = text;
        return isValid(text);
    }

    public override string Format(string value) => value;
}
