using Pico.Configuration.Types;

namespace Pico.Configuration.Definitions;

/// <summary>An option and where its value is kept in <typeparamref name="T"/>.</summary>
internal abstract class BoundOption<T>(OptionDefinition definition)
{
    public OptionDefinition Definition => definition;

    /// <summary>Sets the value from what a source gave. Gives null, or the item that is not allowed; nothing is set then.</summary>
    public abstract string? Apply(T target, IReadOnlyList<string> items);

    /// <summary>The value that is set, as it would be written.</summary>
    public abstract string Read(T target);
}

/// <summary>An option of <typeparamref name="T"/> itself.</summary>
internal sealed class BoundOption<T, TValue>(OptionDefinition definition, OptionType<TValue> type, Func<T, TValue> get, Action<T, TValue> set)
    : BoundOption<T>(definition)
{
    public override string? Apply(T target, IReadOnlyList<string> items)
    {
        if (type.Parse(items, out var value) is { } refused)
            return refused;
        set(target, value!);
        return null;
    }

    public override string Read(T target) => type.Format(get(target));
}

/// <summary>An option of a part of <typeparamref name="T"/>.</summary>
internal sealed class PartOption<T, TPart>(BoundOption<TPart> option, Func<T, TPart> part) : BoundOption<T>(option.Definition)
{
    public override string? Apply(T target, IReadOnlyList<string> items) => option.Apply(part(target), items);

    public override string Read(T target) => option.Read(part(target));
}
