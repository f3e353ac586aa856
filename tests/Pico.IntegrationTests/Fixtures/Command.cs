using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Pico.IntegrationTests.Fixtures;

/// <summary>What a program that ended has said.</summary>
internal sealed record CommandResult(int ExitCode, byte[] Output, string Error)
{
    /// <summary>Standard output as text.</summary>
    public string Text => Encoding.UTF8.GetString(Output);

    /// <summary>This result, if the program ended with exit code 0.</summary>
    public CommandResult Succeeded()
    {
        Assert.True(ExitCode == 0, $"Exit code {ExitCode}.\n{Error}\n{Text}");
        return this;
    }
}

/// <summary>Runs a program to its end, within a time, and captures what it says.</summary>
internal sealed class Command(Tool tool, params string[] arguments)
{
    /// <summary>After this time the program is killed and the test fails.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Added to the environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Where the program runs.</summary>
    public string WorkingDirectory { get; init; } = "";

    /// <summary>Writes the program's standard input; without it the input is empty.</summary>
    public Func<Stream, Task> Input { get; init; } = _ => Task.CompletedTask;

    /// <summary>Takes the program's standard output instead of <see cref="CommandResult.Output"/>.</summary>
    public Func<Stream, Task>? Output { get; init; }

    /// <summary>Runs <paramref name="tool"/> with <paramref name="arguments"/> and the defaults.</summary>
    public static Task<CommandResult> RunAsync(Tool tool, params string[] arguments) => new Command(tool, arguments).RunAsync();

    /// <summary>Runs the program to its end.</summary>
    public async Task<CommandResult> RunAsync()
    {
        var start = new ProcessStartInfo(tool.Require(), arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = WorkingDirectory,
        };
        foreach (var (name, value) in Environment)
            start.Environment[name] = value;

        using var process = Process.Start(start)!;
        using var output = new MemoryStream();
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var stdout = TakeOutputAsync(process, output);
        var stdin = FeedAsync(process.StandardInput);
        try
        {
            using var deadline = Deadline.After(Timeout);
            await process.WaitForExitAsync(deadline.Token);
            await Task.WhenAll(stdout, stdin, error).WaitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            Kill(process);
            throw new TimeoutException($"{tool.Program} {string.Join(' ', arguments)}: not done after {Timeout}.");
        }

        return new(process.ExitCode, output.ToArray(), await error);
    }

    private async Task TakeOutputAsync(Process process, MemoryStream output)
    {
        try
        {
            await (Output?.Invoke(process.StandardOutput.BaseStream) ?? process.StandardOutput.BaseStream.CopyToAsync(output));
        }
        catch
        {
            // Nobody reads what it says any more: it would wait for ever.
            Kill(process);
            throw;
        }
    }

    private async Task FeedAsync(StreamWriter input)
    {
        try
        {
            await Input(input.BaseStream);
            input.Close();
        }
        catch (IOException)
        {
            // The program closed its input: its exit code tells whether that was right.
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // It has just ended by itself.
        }
    }
}
