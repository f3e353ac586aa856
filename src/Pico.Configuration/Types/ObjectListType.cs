using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Pico.Configuration.Types;

/// <summary>Several objects: each item is a JSON object, or an array of them.</summary>
internal sealed class ObjectListType<TItem>(string name, string allowed, Func<JsonElement, ICollection<string>, TItem?> read, Func<TItem, string> format)
    : OptionType<IReadOnlyList<TItem>>
    where TItem : class
{
    public override string Name => name;

    public override string Allowed => allowed;

    public override bool IsList => true;

    public override bool HasObjects => true;

    public override bool TryParse(string text, [MaybeNullWhen(false)] out IReadOnlyList<TItem> value) => Parse([text], out value).Count == 0;

    public override IReadOnlyList<RefusedValue> Parse(IReadOnlyList<string> items, out IReadOnlyList<TItem>? value)
    {
        var (list, refused) = (new List<TItem>(), new List<RefusedValue>());
        value = list;
        foreach (var text in items.Where(i => i.Length > 0))
        {
            try
            {
                using var json = JsonDocument.Parse(text);
                foreach (var item in json.RootElement.ValueKind == JsonValueKind.Array ? json.RootElement.EnumerateArray() : Enumerable.Repeat(json.RootElement, 1))
                    Read(item);
            }
            catch (JsonException)
            {
                refused.Add(new(text));
            }
        }

        return refused;

        void Read(JsonElement item)
        {
            var errors = new List<string>();
            if (item.ValueKind != JsonValueKind.Object)
                refused.Add(new(item.ToString()));
            else if (read(item, errors) is { } good && errors.Count == 0)
                list.Add(good);
            refused.AddRange(errors.Select(e => new RefusedValue("", e)));
        }
    }

    public override string Format(IReadOnlyList<TItem> value) => value.Count == 0 ? "" : $"[{string.Join(',', value.Select(format))}]";
}
