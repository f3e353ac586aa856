namespace Pico.IntegrationTests.Fixtures;

/// <summary>
/// Starts the executables under test: those that ship when PICO_TEST_BINARY names the published <c>pico</c> and PICO_TEST_AGENT_BINARY the native agent, which has the agent's verbs then;
/// else <c>pico</c> as it was built.
/// </summary>
internal static class PicoProgram
{
    /// <summary>The command that is <c>pico</c>, without a verb.</summary>
    public static IReadOnlyList<string> Pico { get; } = Named("PICO_TEST_BINARY") is { } published ? [published] : ["dotnet", Path.Combine(AppContext.BaseDirectory, "pico.dll")];

    /// <summary>The native agent; null if the agent's verbs are those of <c>pico</c>.</summary>
    public static string? NativeAgent { get; } = Named("PICO_TEST_AGENT_BINARY");

    /// <summary>Starts a verb that stays, such as <c>server</c>.</summary>
    public static BackgroundProcess Start(string verb, params IEnumerable<string> arguments) => Start(verb, Surroundings.Here, arguments);

    /// <summary>Starts a verb that stays, somewhere.</summary>
    public static BackgroundProcess Start(string verb, Surroundings surroundings, IEnumerable<string> arguments)
    {
        string[] command = [.. verb is "agent" or "forward" && NativeAgent is not null ? [NativeAgent] : Pico, verb, .. arguments];
        if (surroundings.Namespace is { } place)
            command = ["ip", "netns", "exec", place, .. command]; // becomes the program
        return BackgroundProcess.Start(command[0], command[1..], surroundings.Environment);
    }

    /// <summary>Starts <c>pico</c> so that Ctrl-C (SIGINT) reaches it, also where the tests run in the background of a shell, whose programs ignore that.</summary>
    public static BackgroundProcess StartInForeground(string verb, params IEnumerable<string> arguments) =>
        BackgroundProcess.Start("env", ["--default-signal=INT", .. Pico, verb, .. arguments]); // becomes the program

    /// <summary>Runs a verb that ends, such as <c>status</c>.</summary>
    public static Task<CommandResult> RunAsync(string verb, params IEnumerable<string> arguments) =>
        Command.RunAsync(new(Pico[0], "dotnet-sdk-10.0"), [.. Pico.Skip(1), verb, .. arguments]);

    private static string? Named(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } path ? path : null;
}
