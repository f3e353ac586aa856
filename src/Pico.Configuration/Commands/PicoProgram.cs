using System.Collections;
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Globalization;
using Pico.Configuration.Completion;
using Pico.Configuration.Definitions;

namespace Pico.Configuration.Commands;

/// <summary>An executable made of verbs: parses the command line, runs the verb, and turns what happens into an exit code.</summary>
/// <param name="name">The executable's name.</param>
/// <param name="description">What it is, for help.</param>
/// <param name="verbs">The verbs, in the order in which help lists them.</param>
public sealed class PicoProgram(string name, string description, IReadOnlyList<Verb> verbs)
{
    // Read by the runtime at the first socket.
    private const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
    private const string SocketThreads = "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT";

    /// <summary>Runs with the process's environment and console.</summary>
    public Task<int> RunAsync(IReadOnlyList<string> args)
    {
        // What follows on a socket's event runs where the event was seen, without a hop to the thread pool, which costs a third of the CPU of a small
        // request. Nothing in these programs blocks a thread. A thread for each two cores sees the events, and not, as would be by default then, for each: fewer
        // threads find more events each time they wake.
        SetDefault(InlineCompletions, "1");
        SetDefault(SocketThreads, ((Environment.ProcessorCount + 1) / 2).ToString(CultureInfo.InvariantCulture));
        return RunAsync(args, ProcessEnvironment(), Console.Out, Console.Error);
    }

    /// <summary>Runs with the environment and the output given. Never throws.</summary>
    public async Task<int> RunAsync(
        IReadOnlyList<string> args, IReadOnlyDictionary<string, string> variables, TextWriter output, TextWriter error)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(error);
        var environment = new VerbEnvironment(name, variables, [.. WithGroups().SelectMany(v => v.Options)], output, error);
        if (args is [Completer.Request, var line])
        {
            await new Completer(verbs, environment).WriteAsync(line, output);
            return ExitCode.Clean;
        }

        var parse = CreateRoot().Parse(args, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
        parse.InvocationConfiguration.Output = output;
        parse.InvocationConfiguration.Error = error;
        try
        {
            if (parse.Action is not null and not ParseErrorAction)
                return await parse.InvokeAsync(parse.InvocationConfiguration);
            if (WithGroups().FirstOrDefault(v => v.Command == parse.CommandResult.Command) is { } verb)
                return await verb.RunAsync(parse, environment);
            UsageReport.WriteNoVerb(error, name, verbs, parse.UnmatchedTokens);
            return ExitCode.Usage;
        }
        catch (Exception e)
        {
            await error.WriteLineAsync($"{name}: {(e is IOException or TimeoutException or UnauthorizedAccessException or HttpRequestException ? e.Message : e)}");
            return ExitCode.Failure;
        }
    }

    private static void SetDefault(string variable, string value)
    {
        if (Environment.GetEnvironmentVariable(variable) is null)
            Environment.SetEnvironmentVariable(variable, value);
    }

    private RootCommand CreateRoot()
    {
        var root = new RootCommand(description);
        foreach (var verb in verbs)
            root.Subcommands.Add(verb.Command);
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!, name, [.. WithGroups()]);
        return root;
    }

    private IEnumerable<Verb> WithGroups() => verbs.Concat(verbs.SelectMany(v => v.Runnable)).Distinct();

    private static Dictionary<string, string> ProcessEnvironment() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(e => ((string)e.Key).StartsWith(OptionDefinition.VariablePrefix, StringComparison.Ordinal))
            .ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "");
}
