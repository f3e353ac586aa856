using System.Diagnostics.CodeAnalysis;

namespace Pico.Configuration.Types;

/// <summary>One of a few words, compared without case.</summary>
internal sealed class ChoiceType<TValue>(IReadOnlyList<(string Word, TValue Value)> choices) : OptionType<TValue>
{
    public override string Name => string.Join('|', choices.Select(c => c.Word));

    public override string Allowed => "one of " + string.Join(", ", choices.Select(c => c.Word));

    public override IReadOnlyList<string> Choices => [.. choices.Select(c => c.Word)];

    public override bool TryParse(string text, [MaybeNullWhen(false)] out TValue value)
    {
        foreach (var (word, choice) in choices)
        {
            if (!word.Equals(text, StringComparison.OrdinalIgnoreCase))
                continue;
            value = choice;
            return true;
        }

        value = default;
        return false;
    }

    public override string Format(TValue value) => choices.First(c => EqualityComparer<TValue>.Default.Equals(c.Value, value)).Word;
}
