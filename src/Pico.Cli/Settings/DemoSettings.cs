using Microsoft.Extensions.Logging;
using Pico.Agent.Commands.Logs;
using Pico.Configuration.Definitions;
using Pico.Configuration.Types;
using Pico.Server.Hosting;

namespace Pico.Cli.Settings;

/// <summary>What can be set on <c>pico demo</c>: where it listens, and what it logs.</summary>
internal sealed class DemoSettings
{
    public static OptionSet<DemoSettings> Definitions { get; } = new OptionSet<DemoSettings>()
        .Add(
            "proxy.bind-addr", OptionTypes.Address, s => s.Server.Proxy.BindAddress, (s, v) => s.Server.Proxy.BindAddress = v,
            "Where clients connect.")
        .Add(
            "upstream.bind-addr", OptionTypes.Address, s => s.Server.Upstream.BindAddress, (s, v) => s.Server.Upstream.BindAddress = v,
            "Where the agent connects.")
        .Add(
            "admin.bind-addr", OptionTypes.Address, s => s.Server.Admin.BindAddress, (s, v) => s.Server.Admin.BindAddress = v,
            "Where /health, /ready, /metrics and /status are served.")
        .Rules(s => ServerOptionsValidator.Validate(s.Server).Select(e => (e.Key, $"'{e.Value}' is not allowed; allowed: {e.Allowed}")))
        .Include(LogOptions.Definitions, s => s.Log);

    /// <summary>Loopback only, and nobody to wait for at the end.</summary>
    public ServerOptions Server { get; } = new()
    {
        Proxy = { BindAddress = "localhost:8000" },
        Upstream = { BindAddress = "localhost:8001" },
        Admin = { BindAddress = "localhost:8003" },
        DrainDelay = TimeSpan.Zero,
        GracePeriod = TimeSpan.FromSeconds(5),
    };

    /// <summary>The demo says itself what happens.</summary>
    public LogOptions Log { get; } = new() { Level = LogLevel.Warning };
}
