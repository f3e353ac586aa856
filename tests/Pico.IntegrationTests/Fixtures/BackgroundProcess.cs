using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Pico.IntegrationTests.Fixtures;

/// <summary>A program that runs beside the tests until it is stopped. What it says is kept, the last lines of it.</summary>
internal sealed class BackgroundProcess : IAsyncDisposable
{
    private const int MaxLines = 5_000;

    private readonly Process _process;
    private readonly Queue<string> _lines = [];
    private bool _disposed;

    private BackgroundProcess(Process process) => _process = process;

    /// <summary>True once the program has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>The exit code of a program that has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>What the program has said on standard output and standard error.</summary>
    public string Log
    {
        get
        {
            lock (_lines)
                return string.Join('\n', _lines);
        }
    }

    /// <summary>Resident memory without what is mapped from files, in bytes.</summary>
    public long ResidentBytes => ReadStatus("RssAnon:");

    /// <summary>All resident memory, code and libraries too, in bytes.</summary>
    public long TotalResidentBytes => ReadStatus("VmRSS:");

    /// <summary>Starts a program.</summary>
    public static BackgroundProcess Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;

        var started = new BackgroundProcess(new() { StartInfo = start });
        started._process.OutputDataReceived += (_, line) => started.Keep(line.Data);
        started._process.ErrorDataReceived += (_, line) => started.Keep(line.Data);
        started._process.Start();
        started._process.StandardInput.Close();
        started._process.BeginOutputReadLine();
        started._process.BeginErrorReadLine();
        AppDomain.CurrentDomain.ProcessExit += started.OnTestsEnd;
        return started;
    }

    /// <summary>Sends a signal, such as SIGTERM (15).</summary>
    public void Signal(int signal)
    {
        if (!_process.HasExited && Kill(_process.Id, signal) != 0)
            throw new InvalidOperationException($"kill({_process.Id}, {signal}): error {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>Waits until the program has ended and gives its exit code.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan time)
    {
        using var deadline = Deadline.After(time);
        await _process.WaitForExitAsync(deadline.Token);
        return _process.ExitCode;
    }

    /// <summary>Waits until <paramref name="condition"/> holds; fails with the log when the program ends or the time is over.</summary>
    public async Task WaitUntilAsync(string what, Func<CancellationToken, Task<bool>> condition)
    {
        try
        {
            await Deadline.UntilAsync(what, TimeSpan.FromSeconds(30), async token =>
            {
                if (HasExited)
                    throw new InvalidOperationException($"{_process.StartInfo.FileName} has ended with {ExitCode}.");
                return await condition(token);
            });
        }
        catch (Exception e) when (e is InvalidOperationException or TimeoutException)
        {
            throw new InvalidOperationException($"{e.Message}\n{Log}", e);
        }
    }

    /// <inheritdoc cref="WaitUntilAsync(string, Func{CancellationToken, Task{bool}})"/>
    public Task WaitUntilAsync(string what, Func<bool> condition) => WaitUntilAsync(what, _ => Task.FromResult(condition()));

    /// <summary>Ends the program at once. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        AppDomain.CurrentDomain.ProcessExit -= OnTestsEnd;
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10), TimeProvider.System);
        await _process.WaitForExitAsync(deadline.Token);
        _process.Dispose();
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int Kill(int process, int signal);

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_lines)
        {
            _lines.Enqueue(line);
            if (_lines.Count > MaxLines)
                _lines.Dequeue();
        }
    }

    private long ReadStatus(string name)
    {
        var line = File.ReadLines($"/proc/{_process.Id}/status").First(l => l.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1]) * 1024;
    }

    private void OnTestsEnd(object? sender, EventArgs e) => _process.Kill(entireProcessTree: true);
}
