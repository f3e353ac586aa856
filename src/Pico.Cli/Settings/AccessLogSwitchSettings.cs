using Pico.Agent.Commands;
using Pico.Configuration.Definitions;
using Pico.Configuration.Types;

namespace Pico.Cli.Settings;

/// <summary>Everything that can be set on <c>pico access-log</c>.</summary>
internal sealed class AccessLogSwitchSettings
{
    public static OptionType<TimeSpan> Durations { get; } = OptionTypes.Duration(TimeSpan.Zero, TimeSpan.FromDays(1), zero: "until the server ends");

    public static OptionType<string> Switches { get; } = OptionTypes.Choice<string>(("on", "true"), ("off", "false"), ("default", "default"));

    public static OptionSet<AccessLogSwitchSettings> Definitions { get; } = new OptionSet<AccessLogSwitchSettings>()
        .Include(AdminSettings.OfServer, s => s.Admin)
        .AddServerTls(s => s.Admin.ServerTls, (s, v) => s.Admin.ServerTls = v, s => [new Uri(s.Admin.Server)], "https://")
        .Add("sample", OptionTypes.Fraction, s => s.Sample, (s, v) => s.Sample = v, "With on: the share of requests that are logged, beside those that failed or were slow.")
        .Add("for", Durations, s => s.For, (s, v) => s.For = v, "How long it holds; then what held before does again.");

    /// <summary>What <c>enabled</c> is set to; empty: nothing is set.</summary>
    public string Switch { get; set; } = "";

    public AdminSettings Admin { get; } = new();

    public double Sample { get; set; } = 1;

    public TimeSpan For { get; set; }
}
