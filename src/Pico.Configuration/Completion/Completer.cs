using Pico.Configuration.Commands;
using Pico.Configuration.Definitions;

namespace Pico.Configuration.Completion;

/// <summary>
/// What a shell offers for the word under the cursor: (1) values of the option before it; (2) flags, once a dash is there; (3) verbs and arguments, and flags if there are none.
/// A word a line, with a tab and its description; <see cref="Files"/> last, where the shell is to offer files by itself. Never throws.
/// </summary>
internal sealed class Completer(IReadOnlyList<Verb> verbs, VerbEnvironment environment)
{
    /// <summary>The first argument by which the shells' scripts ask; the second is the line up to the cursor.</summary>
    public const string Request = "[complete]";

    /// <summary>The line that asks for files.</summary>
    public const string Files = "<files>";

    // Longer, and whoever presses the key believes that his shell hangs.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly Candidate Help = new("--help", "Show help and usage information");

    /// <summary>Writes the candidates for a line that ends at the cursor.</summary>
    public async Task WriteAsync(string line, TextWriter output)
    {
        var words = ShellWords.Split(line);
        if (words.Count < 2)
            return;
        var soFar = CommandLineSoFar.Read(words, verbs);
        foreach (var (word, description) in await FindAsync(soFar))
        {
            if (word.StartsWith(soFar.Current, StringComparison.Ordinal) && !word.Any(char.IsControl))
                await output.WriteLineAsync(description.Length > 0 ? $"{soFar.Before}{word}\t{description}" : soFar.Before + word);
        }

        if (soFar.Open is { IsFile: true })
            await output.WriteLineAsync(Files);
    }

    private async Task<IEnumerable<Candidate>> FindAsync(CommandLineSoFar line)
    {
        if (line.Open is { } option) // 1.
            return option.IsSwitch ? [new("true"), new("false")] : await ValuesAsync(line, option);
        if (line.Current.StartsWith('-')) // 2.
            return Flags(line);
        if (line.Verb is not { } verb) // 3.
            return line.Positional.Count > 0 ? [] : verbs.Where(v => !v.IsHidden).Select(v => new Candidate(v.Text.Name, v.Text.Summary));
        var below = line.Positional.Count == 0 ? verb.Below.Select(v => new Candidate(v.Text.Name, v.Text.Summary)) : [];
        var arguments = verb.Arguments.Skip(line.Positional.Count).Take(1).ToArray();
        var values = arguments is [var argument] ? await ValuesAsync(line, argument) : [];
        return below.Concat(values).ToArray() is { Length: > 0 } found ? found : arguments.Length == 0 ? Flags(line) : [];
    }

    private async Task<IEnumerable<Candidate>> ValuesAsync(CommandLineSoFar line, OptionDefinition option)
    {
        if (option.Choices.Count > 0)
            return option.Choices.Select(c => new Candidate(c));
        try
        {
            using var timeout = new CancellationTokenSource(Patience, TimeProvider.System);
            return (await line.Verb!.SuggestAsync(option.Name, line, environment, timeout.Token).WaitAsync(timeout.Token)).Select(w => new Candidate(w));
        }
        catch (Exception)
        {
            // A shell has no place for what went wrong, and whoever goes on will be told.
            return [];
        }
    }

    private static IEnumerable<Candidate> Flags(CommandLineSoFar line) =>
        (line.Verb?.AllOptions ?? []).Where(o => o.IsList || !line.Given.ContainsKey(o.Name)).Select(o => new Candidate(o.Flag, FirstSentence(o.Description))).Append(Help);

    private static string FirstSentence(string text) => text.Split(". ", 2)[0].TrimEnd('.');
}
