using Microsoft.Extensions.Logging;

namespace Pico.Server.Hosting;

/// <summary>What the owner of the server's log lets operators change. The framework's own categories stay at warning whatever is set here.</summary>
public interface ILogLevels
{
    /// <summary>What holds now: <c>(category, level, when it ends)</c>; the category is empty for all, and the end null for never.</summary>
    IReadOnlyList<(string Category, LogLevel Level, DateTimeOffset? Until)> Rules { get; }

    /// <summary>
    /// Sets the level of the categories that begin with <paramref name="category"/> (empty: of all), for good or for a while. False: there are too many rules.
    /// </summary>
    bool Set(string category, LogLevel level, TimeSpan? duration);

    /// <summary>Forgets what was set for <paramref name="category"/>.</summary>
    void Reset(string category);
}
