using Pico.Agent.Commands.Logs;
using Pico.Configuration.Definitions;
using Pico.Kubernetes;

namespace Pico.Cli.Settings;

/// <summary>Everything that can be set on <c>pico cleanup</c>.</summary>
internal sealed class CleanupSettings
{
    public static OptionSet<CleanupSettings> Definitions { get; } = new OptionSet<CleanupSettings>()
        .Include(ControllerSettings.OfCluster(), s => s.Controller)
        .Include(LogOptions.Definitions, s => s.Log);

    public ControllerOptions Controller { get; } = new();

    public LogOptions Log { get; } = new();
}
