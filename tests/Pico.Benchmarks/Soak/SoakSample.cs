using System.Globalization;
using Pico.Benchmarks.Processes;

namespace Pico.Benchmarks.Soak;

/// <summary>What a process holds at a moment: resident memory in bytes, open handles, threads.</summary>
internal readonly record struct Holdings(double Memory, double Handles, double Threads)
{
    public static Holdings Read(int processId) => new(
        ProcessUsage.Read(processId).ResidentBytes,
        Directory.EnumerateFileSystemEntries($"/proc/{processId}/fd").Count(),
        int.Parse(File.ReadLines($"/proc/{processId}/status").First(line => line.StartsWith("Threads:", StringComparison.Ordinal))["Threads:".Length..], CultureInfo.InvariantCulture));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Memory / 1e6:0.0} MB, {Handles:0} handles, {Threads:0} threads");
}

/// <summary>A moment of a run: how much of it was over (0 to 1), and what each process held.</summary>
internal sealed record SoakSample(double Progress, IReadOnlyDictionary<string, Holdings> Processes);

/// <summary>The latency of a slice of a run: where it lies in it (0 to 1), and the 99th percentile in milliseconds.</summary>
internal sealed record SoakLatency(double Progress, double P99Milliseconds);
