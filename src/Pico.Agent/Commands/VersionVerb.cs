using System.Reflection;
using System.Runtime.InteropServices;
using Pico.Configuration.Commands;
using Pico.Configuration.Definitions;

namespace Pico.Agent.Commands;

/// <summary><c>version</c>: what this executable is.</summary>
public static class VersionVerb
{
    /// <summary>The version of Pico.</summary>
    public static string Version { get; } =
        typeof(VersionVerb).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Makes the verb for <paramref name="program"/>.</summary>
    public static Verb Create(string program) => new Verb<NoOptions>(
        new VerbText
        {
            Name = "version",
            Summary = "Print the version.",
            Details = "Prints the version of Pico, and what it runs on.",
            Examples = [("What is installed here?", $"{program} version")],
            Docs = "README.md",
        },
        new OptionSet<NoOptions>(),
        (_, context) =>
        {
            context.Out.WriteLine($"{program} {Version} ({RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier})");
            return Task.FromResult(ExitCode.Clean);
        });

    private sealed class NoOptions;
}
