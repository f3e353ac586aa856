using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Pico.Configuration.Loading;

namespace Pico.Agent.Commands;

/// <summary>The log of an executable: standard error, a line for each message.</summary>
public static partial class Logging
{
    private const string TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";

    /// <summary>Starts the log as <paramref name="options"/> say.</summary>
    public static ILoggerFactory CreateFactory(LogOptions options) => LoggerFactory.Create(logging => Configure(logging, options));

    /// <summary>The same for a host that makes its own factory.</summary>
    public static void Configure(ILoggingBuilder logging, LogOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        logging.SetMinimumLevel(options.Level);
        if (options.Format == LogFormat.Json)
            logging.AddJsonConsole(o => (o.UseUtcTimestamp, o.TimestampFormat) = (true, TimestampFormat.TrimEnd()));
        else
            logging.AddSimpleConsole(o => (o.SingleLine, o.UseUtcTimestamp, o.TimestampFormat) = (true, true, TimestampFormat));
        logging.Services.Configure<ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    /// <summary>Logs what is set otherwise than by default, and at debug everything; secrets are not shown.</summary>
    public static void LogConfiguration(ILogger logger, IReadOnlyList<EffectiveOption> options)
    {
        var verbose = logger.IsEnabled(LogLevel.Debug);
        var shown = options.Where(o => verbose || !o.IsDefault).ToArray();
        if (shown.Length > 0)
            EffectiveConfiguration(logger, string.Join(", ", shown.AsEnumerable()));
    }

    [LoggerMessage(5001, LogLevel.Information, "Configuration: {Options}")]
    private static partial void EffectiveConfiguration(ILogger logger, string options);
}
