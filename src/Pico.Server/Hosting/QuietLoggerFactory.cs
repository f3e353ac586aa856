using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Pico.Server.Hosting;

/// <summary>
/// The caller's logger factory with the framework's own categories from <see cref="LogLevel.Warning"/> on only: what happens is said by this
/// project's logs. The caller keeps the factory; nothing here disposes of it.
/// </summary>
internal sealed class QuietLoggerFactory(ILoggerFactory inner) : ILoggerFactory
{
    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName)
    {
        // The host's only messages of weight repeat what ServerStartException says, with a stack trace.
        if (categoryName == "Microsoft.Extensions.Hosting.Internal.Host")
            return NullLogger.Instance;
        var logger = inner.CreateLogger(categoryName);
        return categoryName.StartsWith("Microsoft.", StringComparison.Ordinal) || categoryName.StartsWith("Yarp.", StringComparison.Ordinal)
            ? new QuietLogger(logger)
            : logger;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private sealed class QuietLogger(ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning && inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning)
                inner.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}
