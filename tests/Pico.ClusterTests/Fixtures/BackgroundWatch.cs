using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace Pico.ClusterTests.Fixtures;

/// <summary><c>kubectl get --watch</c>, read as it goes: what is there, then every change.</summary>
internal sealed class BackgroundWatch : IAsyncDisposable
{
    private readonly Process _process;

    private BackgroundWatch(Process process) => _process = process;

    public static BackgroundWatch Start(string kubectl, IReadOnlyDictionary<string, string> environment, IEnumerable<string> what)
    {
        var start = new ProcessStartInfo(kubectl, ["get", .. what, "--watch", "--output-watch-events", "--output", "json"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var process = new Process { StartInfo = start };
        process.Start();
        process.BeginErrorReadLine(); // that there is no such object yet, for one
        return new(process);
    }

    /// <summary>Each with <c>type</c> (ADDED, MODIFIED, DELETED) and <c>object</c>; ends with the watch.</summary>
    public async IAsyncEnumerable<JsonNode> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await _process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
            yield return JsonNode.Parse(line)!;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10), TimeProvider.System);
        await _process.WaitForExitAsync(deadline.Token);
        _process.Dispose();
    }
}
