using System.Diagnostics.CodeAnalysis;

namespace Pico.Configuration.Types;

/// <summary>How the value of an option is written: the same on the command line, in the environment and in the file.</summary>
/// <typeparam name="TValue">What the text stands for.</typeparam>
public abstract class OptionType<TValue>
{
    /// <summary>The kind of value in a word, as help shows it: <c>duration</c>, <c>size</c>, …</summary>
    public abstract string Name { get; }

    /// <summary>What is allowed, in words for people: shape, unit, range.</summary>
    public abstract string Allowed { get; }

    /// <summary>True if the value is a list: repeated flags, commas, or a YAML sequence.</summary>
    public virtual bool IsList => false;

    /// <summary>True if items of the list are objects: JSON, or mappings in the file.</summary>
    public virtual bool HasObjects => false;

    /// <summary>The only words that are allowed; empty if there are others.</summary>
    public virtual IReadOnlyList<string> Choices => [];

    /// <summary>True if the flag can stand alone, which means <c>true</c>.</summary>
    public virtual bool IsSwitch => false;

    /// <summary>Reads one value; false if <paramref name="text"/> is not what <see cref="Allowed"/> says.</summary>
    public abstract bool TryParse(string text, [MaybeNullWhen(false)] out TValue value);

    /// <summary>The value as <see cref="TryParse"/> reads it.</summary>
    public abstract string Format(TValue value);

    /// <summary>Reads what a source gave: one item, or several for a list. Gives every item that is not allowed; the value is undefined then.</summary>
    public virtual IReadOnlyList<RefusedValue> Parse(IReadOnlyList<string> items, out TValue? value)
    {
        ArgumentNullException.ThrowIfNull(items);
        return TryParse(items[0], out value) ? [] : [new(items[0])];
    }
}
