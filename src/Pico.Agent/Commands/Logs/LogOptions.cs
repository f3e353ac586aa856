using Microsoft.Extensions.Logging;
using Pico.Configuration.Definitions;
using Pico.Configuration.Types;

namespace Pico.Agent.Commands.Logs;

/// <summary>How a log line looks.</summary>
public enum LogFormat
{
    /// <summary>A line for people.</summary>
    Text,

    /// <summary>A JSON object on a line, for log collectors.</summary>
    Json,
}

/// <summary>What is logged, and how. Logs go to standard error.</summary>
public sealed class LogOptions
{
    /// <summary>The options that every long-running verb has.</summary>
    public static OptionSet<LogOptions> Definitions { get; } = new OptionSet<LogOptions>()
        .Add(
            "log.level",
            OptionTypes.Choice<LogLevel>(
                ("trace", LogLevel.Trace), ("debug", LogLevel.Debug), ("info", LogLevel.Information), ("warn", LogLevel.Warning),
                ("error", LogLevel.Error), ("none", LogLevel.None)),
            o => o.Level, (o, v) => o.Level = v, "The least severe messages that are logged. Faults of clients are logged at debug.")
        .Add(
            "log.format", OptionTypes.Choice<LogFormat>(("text", LogFormat.Text), ("json", LogFormat.Json)),
            o => o.Format, (o, v) => o.Format = v, "How a log line looks: text for people, json for log collectors.");

    /// <summary>The least severe messages that are logged. Default: information.</summary>
    public LogLevel Level { get; set; } = LogLevel.Information;

    /// <summary>How a log line looks. Default: text.</summary>
    public LogFormat Format { get; set; }
}
