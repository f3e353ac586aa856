using System.Globalization;

namespace Pico.Benchmarks.Processes;

/// <summary>What a process and its children have used so far: CPU in seconds, resident memory and its peak in bytes.</summary>
internal readonly record struct ProcessUsage(double CpuSeconds, long ResidentBytes, long PeakResidentBytes)
{
    /// <summary>The unit of the times in /proc (proc(5), USER_HZ): 100 on every Linux that .NET runs on.</summary>
    private const double TicksPerSecond = 100;

    public static ProcessUsage operator +(ProcessUsage left, ProcessUsage right) => new(
        left.CpuSeconds + right.CpuSeconds,
        left.ResidentBytes + right.ResidentBytes,
        left.PeakResidentBytes + right.PeakResidentBytes);

    /// <summary>Reads the process and the processes that it has started itself (nginx's workers).</summary>
    public static ProcessUsage Read(int processId)
    {
        var usage = ReadOne(processId);
        foreach (var child in ChildrenOf(processId))
            usage += ReadOne(child);
        return usage;
    }

    private static ProcessUsage ReadOne(int processId)
    {
        var fields = StatFields(processId);
        // Fields 14 and 15 of /proc/<pid>/stat, counted from field 3, the first after the name.
        var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
        var status = File.ReadAllLines($"/proc/{processId}/status");
        return new ProcessUsage(ticks / TicksPerSecond, StatusBytes(status, "VmRSS:"), StatusBytes(status, "VmHWM:"));
    }

    private static IEnumerable<int> ChildrenOf(int processId)
    {
        var parent = processId.ToString(CultureInfo.InvariantCulture);
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var id) && TryStatFields(id) is { } fields && fields[1] == parent)
                yield return id;
        }
    }

    private static string[]? TryStatFields(int processId)
    {
        try
        {
            return StatFields(processId);
        }
        catch (IOException)
        {
            return null; // it has ended since
        }
    }

    /// <summary>The fields after the process's name, which stands in parentheses and may contain anything.</summary>
    private static string[] StatFields(int processId)
    {
        var stat = File.ReadAllText($"/proc/{processId}/stat");
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }

    private static long StatusBytes(string[] status, string key)
    {
        var line = status.First(line => line.StartsWith(key, StringComparison.Ordinal));
        return long.Parse(line[key.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * 1024;
    }
}
