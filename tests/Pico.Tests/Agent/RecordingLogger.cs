using Microsoft.Extensions.Logging;

namespace Pico.Tests.Agent;

/// <summary>Keeps what was logged, and lets tests wait for it.</summary>
internal sealed class RecordingLogger : ILogger, ILoggerFactory
{
    private readonly Lock _lock = new();
    private readonly List<(LogLevel Level, string Message)> _messages = [];
    private TaskCompletionSource _added = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public (LogLevel Level, string Message)[] Messages
    {
        get
        {
            lock (_lock)
                return [.. _messages];
        }
    }

    public async Task WaitForAsync(string part, TimeSpan patience)
    {
        using var timeout = new CancellationTokenSource(patience, TimeProvider.System);
        while (true)
        {
            Task added;
            lock (_lock)
            {
                if (_messages.Exists(m => m.Message.Contains(part, StringComparison.Ordinal)))
                    return;
                added = _added.Task;
            }

            await added.WaitAsync(timeout.Token);
        }
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lock)
        {
            _messages.Add((logLevel, formatter(state, exception)));
            _added.TrySetResult();
            _added = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
        // It is the only one.
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}
