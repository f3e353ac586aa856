using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Pico.Agent.Commands.Logs;

/// <summary>
/// A log that writes a line for each message to one stream, in the background, so that a reader that is slow holds up nobody. At most
/// <see cref="Capacity"/> lines wait; further ones are counted, and the number is told when there is room again. It stands in for
/// Microsoft.Extensions.Logging.Console, whose dependency injection, configuration and options take 5 MB of an agent's memory.
/// </summary>
internal sealed class ConsoleLog : ILoggerFactory
{
    private const int Capacity = 1024;

    // What a stopping process waits for a reader that doesn't read.
    private static readonly TimeSpan FlushDeadline = TimeSpan.FromSeconds(2);

    private readonly LogLevels _levels;
    private readonly ConcurrentDictionary<string, CategoryLogger> _loggers = new(StringComparer.Ordinal);
    private readonly LogFormat _format;
    private readonly TimeProvider _time;
    private readonly Stream _output;
    private readonly Task _writing;
    private readonly Channel<byte[]> _lines = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private long _dropped;

    public ConsoleLog(LogLevels levels, LogFormat format, Stream output, TimeProvider time)
    {
        _levels = levels;
        levels.Changed += OnLevelsChanged;
        _format = format;
        _output = output;
        _time = time;
        _writing = WriteAllAsync();
    }

    public ILogger CreateLogger(string categoryName) => _loggers.GetOrAdd(categoryName, static (category, log) => new CategoryLogger(log, category), this);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("The log has one output.");

    public void Dispose()
    {
        _levels.Changed -= OnLevelsChanged;
        _lines.Writer.TryComplete();
        _writing.Wait(FlushDeadline);
        _output.Dispose();
    }

    private void OnLevelsChanged()
    {
        foreach (var (_, logger) in _loggers)
            logger.LearnLevel();
    }

    private void Write(in LogEvent message)
    {
        var line = new ArrayBufferWriter<byte>(256);
        if (_format == LogFormat.Json)
            LogLine.WriteJson(line, message);
        else
            LogLine.WriteText(line, message);
        if (!_lines.Writer.TryWrite(line.WrittenSpan.ToArray()))
            Interlocked.Increment(ref _dropped);
    }

    private async Task WriteAllAsync()
    {
        await foreach (var line in _lines.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                await _output.WriteAsync(line).ConfigureAwait(false);
                if (_dropped > 0)
                    await _output.WriteAsync(Encoding.UTF8.GetBytes($"{Interlocked.Exchange(ref _dropped, 0)} messages were not logged: the output is too slow.\n")).ConfigureAwait(false);
            }
            catch (IOException)
            {
                // Nobody reads any more: there is nobody to tell.
            }
        }
    }

    private sealed class CategoryLogger : ILogger
    {
        private readonly ConsoleLog _log;
        private readonly string _category;
        private volatile LogLevel _level;

        public CategoryLogger(ConsoleLog log, string category)
        {
            (_log, _category) = (log, category);
            LearnLevel();
        }

        public void LearnLevel() => _level = _log._levels.Of(_category);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= _level && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                _log.Write(new(_log._time.GetUtcNow(), logLevel, _category, eventId.Id, formatter(state, exception), exception, state as IReadOnlyList<KeyValuePair<string, object?>>));
        }
    }
}
