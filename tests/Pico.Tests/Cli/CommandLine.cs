using Pico.Cli.Verbs;

namespace Pico.Tests.Cli;

/// <summary>Runs <c>pico</c> in this process, with the environment and console that a test gives.</summary>
internal static class CommandLine
{
    public static Task<(int ExitCode, string Out, string Error)> RunAsync(params string[] args) => RunInAsync([], args);

    public static async Task<(int ExitCode, string Out, string Error)> RunInAsync(Dictionary<string, string> environment, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await PicoVerbs.CreateProgram().RunAsync(args, environment, output, error);
        return (exitCode, output.ToString(), error.ToString());
    }
}
