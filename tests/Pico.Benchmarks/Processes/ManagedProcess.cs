using System.Diagnostics;
using System.Globalization;

namespace Pico.Benchmarks.Processes;

/// <summary>A program that runs beside the benchmark until it is disposed, with the last lines of its output kept for complaints.</summary>
internal sealed class ManagedProcess : IAsyncDisposable
{
    private const int KeptLines = 40;
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly TimeProvider _time;
    private readonly Queue<string> _lastLines = new(); // lock: itself

    private readonly Action<string>? _onLine;

    /// <param name="name">What complaints call it.</param>
    /// <param name="path">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="time">The clock.</param>
    /// <param name="environment">Variables that are added to its environment.</param>
    /// <param name="onLine">Told each line that it writes.</param>
    public ManagedProcess(
        string name, string path, IEnumerable<string> arguments, TimeProvider time, IReadOnlyDictionary<string, string>? environment = null, Action<string>? onLine = null)
    {
        Name = name;
        _time = time;
        _onLine = onLine;
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true },
        };
        foreach (var (variable, value) in environment ?? new Dictionary<string, string>())
            _process.StartInfo.Environment[variable] = value;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Name { get; }

    public int Id => _process.Id;

    /// <summary>Throws, with the process's last words, if it is not running any more.</summary>
    public void ThrowIfExited()
    {
        if (_process.HasExited)
            throw new BenchmarkException($"{Name} ended with exit code {_process.ExitCode}:\n{LastLines()}");
    }

    public string LastLines()
    {
        lock (_lastLines)
            return string.Join('\n', _lastLines);
    }

    /// <summary>Ends it as a crash does, if it runs.</summary>
    public async ValueTask KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // SIGTERM: nginx's master takes its workers along, and the others close their sockets.
            await Tool.RunAsync("kill", ["-TERM", Id.ToString(CultureInfo.InvariantCulture)], CancellationToken.None);
            using var timeout = new CancellationTokenSource(StopTimeout, _time);
            try
            {
                await _process.WaitForExitAsync(timeout.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        _onLine?.Invoke(line);
        lock (_lastLines)
        {
            if (_lastLines.Count == KeptLines)
                _lastLines.Dequeue();
            _lastLines.Enqueue(line);
        }
    }
}
