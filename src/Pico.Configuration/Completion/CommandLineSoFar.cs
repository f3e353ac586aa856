using Pico.Configuration.Commands;
using Pico.Configuration.Definitions;
using Pico.Configuration.Loading;

namespace Pico.Configuration.Completion;

/// <summary>
/// A command line up to the cursor, read without judging it:
/// <code>
///   pico status endpoint web --output ta▏
///        verb   └ positional ┘ │      └ Current
///                              └ Open: the option whose value is being written
/// </code>
/// </summary>
internal sealed class CommandLineSoFar
{
    private CommandLineSoFar(string current) => Current = current;

    /// <summary>The verb; null if none is named yet.</summary>
    public Verb? Verb { get; private set; }

    /// <summary>The words that are no flags and no flags' values, before the one that is being written.</summary>
    public List<string> Positional { get; } = [];

    /// <summary>The options that are given, by name.</summary>
    public Dictionary<string, RawValue> Given { get; } = [];

    /// <summary>The option whose value is being written, if one is.</summary>
    public OptionDefinition? Open { get; private set; }

    /// <summary>The word that is being written: for <c>--output=ta</c> the value alone.</summary>
    public string Current { get; private set; }

    /// <summary>What stands before the value in the same word: <c>--output=</c>.</summary>
    public string Before { get; private set; } = "";

    /// <summary>Reads <paramref name="words"/>, the program's name first, the one that is being written last.</summary>
    public static CommandLineSoFar Read(IReadOnlyList<string> words, IReadOnlyList<Verb> verbs)
    {
        var line = new CommandLineSoFar(words[^1]);
        for (var i = 1; i < words.Count - 1; i++)
        {
            var word = words[i];
            if (!IsFlag(word))
                line.Take(word, verbs);
            else if (line.Find(word, out var value) is { } option)
                line.TakeValue(option, value ?? (option.IsSwitch ? "true" : words[++i]), isWritten: i == words.Count - 1);
        }

        if (line.Open is null && IsFlag(line.Current) && line.Find(line.Current, out var begun) is { } last && begun is not null)
            (line.Open, line.Before, line.Current) = (last, line.Current[..^begun.Length], begun);
        return line;
    }

    private static bool IsFlag(string word) => word.StartsWith('-');

    private void Take(string word, IReadOnlyList<Verb> verbs)
    {
        var below = Verb is null ? verbs : Positional.Count == 0 ? Verb.Below : [];
        if (below.FirstOrDefault(v => v.Text.Name == word) is { } verb)
            Verb = verb;
        else
            Positional.Add(word);
    }

    private void TakeValue(OptionDefinition option, string value, bool isWritten)
    {
        if (isWritten)
            Open = option;
        else
            Given[option.Name] = new RawValue(Given.TryGetValue(option.Name, out var before) && option.IsList ? [.. before.Items, value] : [value], option.Flag);
    }

    // "--output=json" has its value with it.
    private OptionDefinition? Find(string word, out string? value)
    {
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        value = equals < 0 ? null : word[(equals + 1)..];
        var flag = equals < 0 ? word : word[..equals];
        return Verb?.AllOptions.FirstOrDefault(o => o.Flag == flag);
    }
}
