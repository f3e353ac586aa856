using Pico.Configuration.Types;

namespace Pico.Configuration.Definitions;

/// <summary>An option and where its value is kept in <typeparamref name="T"/>.</summary>
internal abstract class BoundOption<T>(OptionDefinition definition)
{
    public OptionDefinition Definition => definition;

    /// <summary>Sets the value from what a source gave. Gives what is wrong, in words for people; nothing is set then.</summary>
    public abstract IReadOnlyList<string> Apply(T target, IReadOnlyList<string> items);

    /// <summary>The value that is set, as it would be written.</summary>
    public abstract string Read(T target);
}

/// <summary>An option of <typeparamref name="T"/> itself.</summary>
internal sealed class BoundOption<T, TValue>(OptionDefinition definition, OptionType<TValue> type, Func<T, TValue> get, Action<T, TValue> set)
    : BoundOption<T>(definition)
{
    public override IReadOnlyList<string> Apply(T target, IReadOnlyList<string> items)
    {
        var refused = type.Parse(items, out var value);
        if (refused.Count > 0)
            return [.. refused.Select(Definition.Refuse)];
        set(target, value!);
        return [];
    }

    public override string Read(T target) => type.Format(get(target));
}

/// <summary>An option of a part of <typeparamref name="T"/>.</summary>
internal sealed class PartOption<T, TPart>(OptionDefinition definition, BoundOption<TPart> option, Func<T, TPart> part) : BoundOption<T>(definition)
{
    public override IReadOnlyList<string> Apply(T target, IReadOnlyList<string> items) => option.Apply(part(target), items);

    public override string Read(T target) => option.Read(part(target));
}
