using System.Diagnostics.CodeAnalysis;

namespace Pico.Configuration.Types;

/// <summary>A list whose parser says itself what is wrong with each item.</summary>
internal sealed class ParsedListType<TItem>(
    string name, string allowed, Func<IEnumerable<string>, ICollection<string>, IReadOnlyList<TItem>> parse, Func<TItem, string> format)
    : OptionType<IReadOnlyList<TItem>>
{
    public override string Name => name;

    public override string Allowed => allowed;

    public override bool IsList => true;

    public override bool TryParse(string text, [MaybeNullWhen(false)] out IReadOnlyList<TItem> value) =>
        Parse([text], out value).Count == 0;

    public override IReadOnlyList<RefusedValue> Parse(IReadOnlyList<string> items, out IReadOnlyList<TItem>? value)
    {
        var errors = new List<string>();
        value = parse(items, errors);
        return [.. errors.Select(e => new RefusedValue("", e))];
    }

    public override string Format(IReadOnlyList<TItem> value) => string.Join(',', value.Select(format));
}
