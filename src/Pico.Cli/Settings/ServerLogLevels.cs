using Microsoft.Extensions.Logging;
using Pico.Agent.Commands.Logs;
using Pico.Server.Hosting;

namespace Pico.Cli.Settings;

/// <summary>Lets a server's operators change the levels of this process's log.</summary>
internal sealed class ServerLogLevels(LogLevels levels) : ILogLevels
{
    public IReadOnlyList<(string Category, LogLevel Level, DateTimeOffset? Until)> Rules => [.. levels.Rules.Select(r => (r.Category, r.Level, r.Until))];

    public bool Set(string category, LogLevel level, TimeSpan? duration) => levels.Set(category, level, duration);

    public void Reset(string category) => levels.Reset(category);
}
