using System.Diagnostics.CodeAnalysis;

namespace Pico.Configuration.Types;

/// <summary>Several values of one type, separated by commas or given one by one.</summary>
internal sealed class ListType<TItem>(OptionType<TItem> item) : OptionType<IReadOnlyList<TItem>>
{
    public override string Name => item.Name + ",…";

    public override string Allowed => "a list, each item " + item.Allowed;

    public override bool IsList => true;

    public override bool TryParse(string text, [MaybeNullWhen(false)] out IReadOnlyList<TItem> value) => Parse([text], out value).Count == 0;

    public override IReadOnlyList<RefusedValue> Parse(IReadOnlyList<string> items, out IReadOnlyList<TItem>? value)
    {
        var list = new List<TItem>();
        var refused = new List<RefusedValue>();
        value = list;
        foreach (var text in items.SelectMany(i => i.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
        {
            if (item.TryParse(text, out var parsed))
                list.Add(parsed);
            else
                refused.Add(new(text));
        }

        return refused;
    }

    public override string Format(IReadOnlyList<TItem> value) => string.Join(',', value.Select(item.Format));
}
