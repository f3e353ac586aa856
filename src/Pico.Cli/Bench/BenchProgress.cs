using Spectre.Console;

namespace Pico.Cli.Bench;

/// <summary>A bar that grows while a run goes on, where somebody looks: on standard error, if that is a terminal.</summary>
internal static class BenchProgress
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    /// <summary>Shows how far <paramref name="pace"/> is until <paramref name="run"/> has ended, and gives its result.</summary>
    public static async Task<BenchResult> ShowAsync(Task<BenchResult> run, Pace pace, TextWriter error)
    {
        if (!ReferenceEquals(error, Console.Error) || Console.IsErrorRedirected)
            return await run;
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });
        await console.Progress().AutoClear(true).Columns(new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn()).StartAsync(async context =>
        {
            var bar = context.AddTask("requests");
            while (!run.IsCompleted)
            {
                bar.Value = 100 * pace.Progress;
                await Task.WhenAny(run, Task.Delay(Step, TimeProvider.System));
            }
        });
        return await run;
    }
}
