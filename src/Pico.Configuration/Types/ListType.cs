using System.Diagnostics.CodeAnalysis;

namespace Pico.Configuration.Types;

/// <summary>Several values of one type, separated by commas or given one by one.</summary>
internal sealed class ListType<TItem>(OptionType<TItem> item) : OptionType<IReadOnlyList<TItem>>
{
    public override string Name => item.Name + ",…";

    public override string Allowed => "a list, each item " + item.Allowed;

    public override bool IsList => true;

    public override bool TryParse(string text, [MaybeNullWhen(false)] out IReadOnlyList<TItem> value) => Parse([text], out value) is null;

    public override string? Parse(IReadOnlyList<string> items, out IReadOnlyList<TItem>? value)
    {
        ArgumentNullException.ThrowIfNull(items);
        var list = new List<TItem>();
        value = list;
        foreach (var text in items.SelectMany(i => i.Split(',', StringSplitOptions.TrimEntries)))
        {
            if (text.Length == 0)
                continue;
            if (!item.TryParse(text, out var parsed))
                return text;
            list.Add(parsed);
        }

        return null;
    }

    public override string Format(IReadOnlyList<TItem> value) => string.Join(',', value.Select(item.Format));
}
