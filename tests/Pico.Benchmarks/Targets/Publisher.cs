using System.Runtime.InteropServices;
using Pico.Benchmarks.Processes;

namespace Pico.Benchmarks.Targets;

/// <summary>Publishes Pico's executables as they ship, unless what stands in <c>artifacts/publish</c> is newer than every source.</summary>
internal static class Publisher
{
    public static async Task<PicoExecutables> PublishAsync(
        Workspace workspace, string? server, string? agent, Action<string> progress, CancellationToken cancellation) =>
        new(
            Given(server) ?? await PublishAsync(workspace, "Pico.Cli", "server", "pico", progress, cancellation),
            Given(agent) ?? await PublishAsync(workspace, "Pico.AgentCli", "agent", "pico-agent", progress, cancellation));

    private static string? Given(string? path) =>
        path is null || File.Exists(path) ? path : throw new BenchmarkException($"There is no file {path}.");

    private static async Task<string> PublishAsync(
        Workspace workspace, string project, string folder, string executable, Action<string> progress, CancellationToken cancellation)
    {
        var output = Path.Combine(workspace.Artifacts, "publish", folder);
        var published = Path.Combine(output, executable);
        if (IsUpToDate(workspace, published))
            return published;

        progress($"publishing {project} to {Path.GetRelativePath(workspace.Root, output)}");
        var runtime = "linux-" + (RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64");
        var (log, exitCode) = await Tool.RunAsync(Tool.Find("dotnet"),
            ["publish", Path.Combine(workspace.Root, "src", project), "-c", "Release", "-r", runtime, "-o", output, "--nologo"], cancellation);
        if (exitCode != 0)
            throw new BenchmarkException($"Publishing {project} failed:\n{log}");
        // A build that found nothing to do keeps the old time.
        File.SetLastWriteTimeUtc(published, TimeProvider.System.GetUtcNow().UtcDateTime);
        return published;
    }

    private static bool IsUpToDate(Workspace workspace, string published)
    {
        if (!File.Exists(published))
            return false;
        var sources = new DirectoryInfo(Path.Combine(workspace.Root, "src")).EnumerateFiles("*", SearchOption.AllDirectories)
            .Where(file => file.Extension is ".cs" or ".csproj" or ".json" && !IsBuildOutput(file.FullName))
            .Concat(new DirectoryInfo(workspace.Root).EnumerateFiles("Directory.*"));
        // Not every file of the output is new after a change, but one is.
        var outputs = new FileInfo(published).Directory!.EnumerateFiles();
        return sources.Max(file => file.LastWriteTimeUtc) < outputs.Max(file => file.LastWriteTimeUtc);
    }

    private static bool IsBuildOutput(string path) =>
        path.Contains("/obj/", StringComparison.Ordinal) || path.Contains("/bin/", StringComparison.Ordinal);
}
