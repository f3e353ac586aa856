using Microsoft.Extensions.Logging;
using Pico.Configuration.Loading;

namespace Pico.Agent.Commands.Logs;

/// <summary>The log of an executable: standard error, a line for each message.</summary>
public static partial class Logging
{
    /// <summary>Starts the log as <paramref name="options"/> say, and logs what is set otherwise than by default (at debug: everything).</summary>
    public static ILoggerFactory Start(LogOptions options, IReadOnlyList<EffectiveOption> effective)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Start(options, new LogLevels(options.Level, TimeProvider.System), effective);
    }

    /// <summary>The same, with levels that can be changed; they stay the caller's.</summary>
    public static ILoggerFactory Start(LogOptions options, LogLevels levels, IReadOnlyList<EffectiveOption> effective)
    {
        ArgumentNullException.ThrowIfNull(options);
        var log = new ConsoleLog(levels, options.Format, Console.OpenStandardError(), TimeProvider.System);
        var everything = options.Level <= LogLevel.Debug;
        var shown = effective.Where(o => everything || !o.IsDefault).ToArray();
        if (shown.Length > 0)
            EffectiveConfiguration(log.CreateLogger("Pico.Configuration"), string.Join(", ", shown.AsEnumerable()));
        return log;
    }

    [LoggerMessage(5001, LogLevel.Information, "Configuration: {Options}")]
    private static partial void EffectiveConfiguration(ILogger logger, string options);
}
