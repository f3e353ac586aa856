using System.Globalization;
using System.Runtime.InteropServices;
using Pico.Benchmarks.Processes;

namespace Pico.Benchmarks.Reports;

/// <summary>What the figures depend on beside the code: the machine and the versions of everything that took part.</summary>
internal sealed record MachineFacts(IReadOnlyList<(string Name, string Value)> Facts)
{
    public static async Task<MachineFacts> ReadAsync(TimeProvider time, CancellationToken cancellation)
    {
        var memory = long.Parse(ValueOf("/proc/meminfo", "MemTotal").Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        return new MachineFacts(
        [
            ("date", time.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
            ("processor", $"{ValueOf("/proc/cpuinfo", "model name")}, {Environment.ProcessorCount} cores, {RuntimeInformation.OSArchitecture}"),
            ("memory", string.Create(CultureInfo.InvariantCulture, $"{memory / 1048576.0:0} GiB")),
            ("system", $"{RuntimeInformation.RuntimeIdentifier}, Linux {Environment.OSVersion.Version}"),
            (".NET", RuntimeInformation.FrameworkDescription),
            ("nginx", await FirstLineAsync("nginx", cancellation)),
            ("wrk", await FirstLineAsync("wrk", cancellation)),
        ]);
    }

    private static string ValueOf(string path, string key) =>
        File.ReadLines(path).FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "0";

    private static async Task<string> FirstLineAsync(string tool, CancellationToken cancellation) =>
        (await Tool.RunAsync(Tool.Find(tool), ["-v"], cancellation)).Output.Split('\n')[0].Split(" Copyright")[0].Trim();
}
