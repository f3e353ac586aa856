using Pico.Configuration.Loading;

namespace Pico.Configuration.Commands;

/// <summary>What a running verb is given beside its options.</summary>
/// <param name="Verb">Executable and verb, as messages begin.</param>
/// <param name="Out">What the verb was asked for goes here.</param>
/// <param name="Error">What people should know goes here.</param>
/// <param name="Effective">Every option with its value and source, secrets not shown.</param>
/// <param name="Stopping">Cancelled by the first SIGINT or SIGTERM: finish what runs, then return.</param>
public sealed record VerbContext(
    string Verb, TextWriter Out, TextWriter Error, IReadOnlyList<EffectiveOption> Effective, CancellationToken Stopping)
{
    /// <summary>Completes at the first SIGINT or SIGTERM.</summary>
    public async Task WaitForStopAsync()
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = Stopping.UnsafeRegister(_ => stop.TrySetResult(), null);
        await stop.Task;
    }

    /// <summary>Says why the verb failed, and gives the exit code.</summary>
    public int Fail(string message, int exitCode = ExitCode.Failure)
    {
        Error.WriteLine($"{Verb}: {message}");
        return exitCode;
    }
}
