using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Pico.Configuration.Commands;

/// <summary>Help that teaches: what the verb does, its options, then examples and where to read on.</summary>
internal sealed class HelpWithExamples(HelpAction listing, string program, IReadOnlyList<Verb> verbs) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var output = parseResult.InvocationConfiguration.Output;
        var verb = verbs.FirstOrDefault(v => v.Command == parseResult.CommandResult.Command);
        // The list of verbs shows the summary, a verb's own page the whole.
        if (verb is not null)
            verb.Command.Description = verb.Text.Details;
        listing.Invoke(parseResult);
        if (verb is null)
        {
            output.WriteLine($"'{program} <verb> --help' explains a verb, with examples. Documentation: README.md and docs/.");
            return ExitCode.Clean;
        }

        if (verb.Options.Any())
        {
            output.WriteLine("Every option can also be set by the environment (--log.level is PICO_LOG_LEVEL) or in the --config file");
            output.WriteLine("(level: under log:). Flags overrule the environment, which overrules the file.");
            output.WriteLine();
        }

        output.WriteLine("Examples:");
        foreach (var (what, commandLine) in verb.Text.Examples)
        {
            output.WriteLine($"  # {what}");
            output.WriteLine($"  {commandLine}");
        }

        output.WriteLine();
        output.WriteLine($"Documentation: {verb.Text.Docs}");
        return ExitCode.Clean;
    }
}
