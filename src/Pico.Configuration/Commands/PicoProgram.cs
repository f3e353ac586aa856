using System.Collections;
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Pico.Configuration.Definitions;
using Pico.Configuration.Loading;

namespace Pico.Configuration.Commands;

/// <summary>An executable made of verbs: parses the command line, runs the verb, and turns what happens into an exit code.</summary>
/// <param name="name">The executable's name.</param>
/// <param name="description">What it is, for help.</param>
/// <param name="verbs">The verbs, in the order in which help lists them.</param>
public sealed class PicoProgram(string name, string description, IReadOnlyList<Verb> verbs)
{
    private const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>Runs with the process's environment and console.</summary>
    public Task<int> RunAsync(IReadOnlyList<string> args)
    {
        // Read by the runtime at the first socket: what follows on a socket's event runs where the event was seen, without a hop to the thread pool,
        // which costs a third of the CPU of a small request. Nothing in these programs blocks a thread.
        if (Environment.GetEnvironmentVariable(InlineCompletions) is null)
            Environment.SetEnvironmentVariable(InlineCompletions, "1");
        return RunAsync(args, ProcessEnvironment(), Console.Out, Console.Error);
    }

    /// <summary>Runs with the environment and the output given. Never throws.</summary>
    public async Task<int> RunAsync(
        IReadOnlyList<string> args, IReadOnlyDictionary<string, string> environment, TextWriter output, TextWriter error)
    {
        ArgumentNullException.ThrowIfNull(error);
        var parse = CreateRoot().Parse(args, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
        parse.InvocationConfiguration.Output = output;
        parse.InvocationConfiguration.Error = error;
        try
        {
            if (parse.Action is not null and not ParseErrorAction)
                return await parse.InvokeAsync(parse.InvocationConfiguration);
            if (verbs.FirstOrDefault(v => v.Command == parse.CommandResult.Command) is not { } verb)
                return RefuseVerb(parse, error);
            return await verb.RunAsync(parse, new(name, environment, [.. verbs.SelectMany(v => v.Options)], output, error));
        }
        catch (Exception e)
        {
            await error.WriteLineAsync($"{name}: {(e is IOException or TimeoutException or UnauthorizedAccessException or HttpRequestException ? e.Message : e)}");
            return ExitCode.Failure;
        }
    }

    private RootCommand CreateRoot()
    {
        var root = new RootCommand(description);
        foreach (var verb in verbs)
            root.Subcommands.Add(verb.Command);
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!, name, verbs);
        return root;
    }

    private int RefuseVerb(ParseResult parse, TextWriter error)
    {
        var names = verbs.Where(v => !v.IsHidden).Select(v => v.Text.Name).ToArray();
        var word = parse.UnmatchedTokens is [var first, ..] ? first : null;
        var meant = word is null ? null : Spelling.Nearest(word, names);
        error.WriteLine(word is null ? $"{name}: a verb is missing" : $"{name}: no such verb: {word}" + (meant is null ? "" : $"; did you mean {meant}?"));
        error.WriteLine($"The verbs are {string.Join(", ", names)}.");
        error.WriteLine($"'{name} --help' explains them.");
        return ExitCode.Usage;
    }

    private static Dictionary<string, string> ProcessEnvironment() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(e => ((string)e.Key).StartsWith(OptionDefinition.VariablePrefix, StringComparison.Ordinal))
            .ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "");
}
