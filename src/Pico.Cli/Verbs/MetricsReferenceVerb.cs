using Pico.Cli.Metrics;
using Pico.Configuration.Commands;
using Pico.Configuration.Definitions;

namespace Pico.Cli.Verbs;

/// <summary><c>pico metrics-reference</c>, for <c>make docs</c>: prints docs/metrics.md.</summary>
internal static class MetricsReferenceVerb
{
    public static Verb Create() => new Verb<NoOptions>(
        new VerbText
        {
            Name = "metrics-reference",
            Summary = "Print the reference of all metrics, in Markdown.",
            Details = "Prints docs/metrics.md from the instruments of server, controller and agent.",
            Examples = [("Write the page", "pico metrics-reference > docs/metrics.md")],
            Docs = "docs/metrics.md",
        },
        new OptionSet<NoOptions>(),
        static async (_, context) =>
        {
            await context.Out.WriteAsync(await MetricsPage.WriteAsync());
            return ExitCode.Clean;
        },
        hidden: true);

    private sealed class NoOptions;
}
