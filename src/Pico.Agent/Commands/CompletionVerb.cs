using Pico.Configuration.Commands;
using Pico.Configuration.Completion;
using Pico.Configuration.Definitions;
using Pico.Configuration.Types;

namespace Pico.Agent.Commands;

/// <summary><c>completion</c>: the script by which a shell completes this program's command lines.</summary>
public static class CompletionVerb
{
    private static readonly OptionType<string> Shell = OptionTypes.Choice<string>(("bash", "bash"), ("zsh", "zsh"), ("fish", "fish"));

    /// <summary>Makes the verb for <paramref name="program"/>.</summary>
    public static Verb Create(string program) => new Verb<Chosen>(
        new VerbText
        {
            Name = "completion",
            Summary = "Print the script that completes command lines in bash, zsh or fish.",
            Details =
                "Prints a script that lets a shell complete verbs, options, the words that an option allows, files and, where a verb asks a server, the names that it knows. The script asks this "
                + "program at each press of the key; a server that does not answer within a second is left alone.",
            Examples =
            [
                ("For this bash; in ~/.bashrc for every one", $"source <({program} completion bash)"),
                ("For zsh, after compinit", $"source <({program} completion zsh)"),
                ("For fish", $"{program} completion fish | source"),
            ],
            Docs = "README.md",
        },
        new OptionSet<Chosen>(),
        (chosen, context) =>
        {
            context.Out.Write(chosen.Shell switch
            {
                "bash" => CompletionScripts.Bash(program),
                "zsh" => CompletionScripts.Zsh(program),
                _ => CompletionScripts.Fish(program),
            });
            return Task.FromResult(ExitCode.Clean);
        })
        .Argument("shell", Shell, c => c.Shell, (c, v) => c.Shell = v, "Which shell.");

    private sealed class Chosen
    {
        public string Shell { get; set; } = "bash";
    }
}
