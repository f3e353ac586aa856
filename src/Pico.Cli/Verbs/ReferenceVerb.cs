using Pico.Configuration.Commands;
using Pico.Configuration.Definitions;
using Pico.Configuration.Reference;

namespace Pico.Cli.Verbs;

/// <summary><c>pico reference</c>, for <c>make docs</c>: prints docs/configuration.md.</summary>
internal static class ReferenceVerb
{
    public static Verb Create(Func<IEnumerable<Verb>> verbs) => new Verb<NoOptions>(
        new VerbText
        {
            Name = "reference",
            Summary = "Print the reference of all options, in Markdown.",
            Details = "Prints docs/configuration.md from the definitions of the options.",
            Examples = [("Write the page", "pico reference > docs/configuration.md")],
            Docs = "docs/configuration.md",
        },
        new OptionSet<NoOptions>(),
        (_, context) =>
        {
            context.Out.Write(ReferencePage.Write("pico", verbs()));
            return Task.FromResult(ExitCode.Clean);
        },
        hidden: true);

    private sealed class NoOptions;
}
