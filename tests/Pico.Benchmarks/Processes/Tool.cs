using System.Diagnostics;

namespace Pico.Benchmarks.Processes;

/// <summary>Finds and runs the programs that the benchmarks need.</summary>
internal static class Tool
{
    /// <summary>The path of a program, or a clear complaint. Debian keeps nginx where only root's PATH looks.</summary>
    public static string Find(string name)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return folders.Append("/usr/sbin").Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? throw new BenchmarkException($"`{name}` is not installed. On Debian and Ubuntu: apt-get install nginx-light wrk");
    }

    /// <summary>Runs a program to its end and gives what it wrote (standard output, then standard error) and its exit code.</summary>
    public static async Task<(string Output, int ExitCode)> RunAsync(string path, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var errors = process.StandardError.ReadToEndAsync(cancellation);
            var text = await output + await errors;
            await process.WaitForExitAsync(cancellation);
            return (text, process.ExitCode);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
