using System.CommandLine;
using Pico.Configuration.Completion;
using Pico.Configuration.Definitions;

namespace Pico.Configuration.Commands;

/// <summary>One verb of an executable: <c>pico agent</c>, <c>pico status</c>, …</summary>
public abstract class Verb
{
    private protected Verb(VerbText text, bool hidden)
    {
        Text = text;
        Path = text.Name;
        Command = new Command(text.Name, text.Summary) { Hidden = hidden };
    }

    /// <summary>What help says.</summary>
    public VerbText Text { get; }

    /// <summary>The options, in the order in which they are shown.</summary>
    public abstract IEnumerable<OptionDefinition> Options { get; }

    /// <summary>The words on the command line: <c>status</c>, or <c>token mint</c> in a group.</summary>
    internal string Path { get; private set; }

    /// <summary>The verbs that do something: this one, or those of a group.</summary>
    internal virtual IEnumerable<Verb> Runnable => [this];

    /// <summary>The verbs under this one's word.</summary>
    internal IReadOnlyList<Verb> Below => [.. Runnable.Where(v => v != this)];

    /// <summary>The options, and those that every verb has.</summary>
    internal virtual IEnumerable<OptionDefinition> AllOptions => Options;

    /// <summary>The positional arguments, in order.</summary>
    internal virtual IEnumerable<OptionDefinition> Arguments => [];

    /// <summary>True if help and the reference leave it out.</summary>
    internal bool IsHidden => Command.Hidden;

    internal Command Command { get; }

    /// <summary>Runs it: reads the options, and refuses, telling everything that is wrong, or does the work.</summary>
    internal abstract Task<int> RunAsync(ParseResult parse, VerbEnvironment environment);

    /// <summary>What could be the value of an option or argument, as far as somebody is to be asked for that. May throw.</summary>
    internal virtual Task<IEnumerable<string>> SuggestAsync(string name, CommandLineSoFar line, VerbEnvironment environment, CancellationToken cancellationToken) =>
        Task.FromResult(Enumerable.Empty<string>());

    /// <summary>Puts the verb under another word.</summary>
    internal void JoinGroup(string group) => Path = $"{group} {Text.Name}";
}

/// <summary>Where a verb runs.</summary>
/// <param name="Program">The executable's name.</param>
/// <param name="Variables">The environment variables.</param>
/// <param name="Others">The options of all verbs of the executable.</param>
/// <param name="Out">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record VerbEnvironment(
    string Program, IReadOnlyDictionary<string, string> Variables, IReadOnlyList<OptionDefinition> Others, TextWriter Out, TextWriter Error);
