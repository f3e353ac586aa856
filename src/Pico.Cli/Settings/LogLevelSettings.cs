using Pico.Agent.Commands;
using Pico.Configuration.Definitions;
using Pico.Configuration.Types;

namespace Pico.Cli.Settings;

/// <summary>Everything that can be set on <c>pico log-level</c>.</summary>
internal sealed class LogLevelSettings
{
    public static OptionType<string> Levels { get; } = OptionTypes.Choice<string>(
        [.. ((string[])["trace", "debug", "info", "warn", "error", "none", "default"]).Select(w => (w, w))]);

    public static OptionType<string> Categories { get; } = OptionTypes.Matching("category", "what categories begin with, such as Pico.Server.Proxy", t => t.Length > 0 && !t.Any(char.IsControl));

    public static OptionSet<LogLevelSettings> Definitions { get; } = new OptionSet<LogLevelSettings>()
        .Include(AdminSettings.OfServer, s => s.Admin)
        .AddServerTls(s => s.Admin.ServerTls, (s, v) => s.Admin.ServerTls = v, s => [new Uri(s.Admin.Server)], "https://")
        .Add("for", AccessLogSwitchSettings.Durations, s => s.For, (s, v) => s.For = v, "How long it holds; then what held before does again.");

    public string Level { get; set; } = "";

    public string Category { get; set; } = "";

    public AdminSettings Admin { get; } = new();

    public TimeSpan For { get; set; }
}
