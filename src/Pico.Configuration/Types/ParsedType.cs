using System.Diagnostics.CodeAnalysis;

namespace Pico.Configuration.Types;

/// <summary>A value of another room's type, read and written by delegates.</summary>
internal sealed class ParsedType<TValue>(string name, string allowed, Func<string, TValue?> parse, Func<TValue, string> format) : OptionType<TValue>
    where TValue : class
{
    public override string Name => name;

    public override string Allowed => allowed;

    public override bool TryParse(string text, [MaybeNullWhen(false)] out TValue value) => (value = parse(text)) is not null;

    public override string Format(TValue value) => format(value);
}
