using Pico.Agent.Commands.Logs;
using Pico.Configuration.Definitions;
using Pico.Configuration.Types;
using Pico.Kubernetes;

namespace Pico.Cli.Settings;

/// <summary>Everything that can be set on <c>pico cleanup</c>.</summary>
internal sealed class CleanupSettings
{
    public static OptionSet<CleanupSettings> Definitions { get; } = new OptionSet<CleanupSettings>()
        .Include(ControllerSettings.OfCluster(), s => s.Controller)
        .Include(ControllerSettings.OfSecret(), s => s.Controller.Webhook)
        .Include(ControllerSettings.OfLease(), s => s.Controller.Leadership)
        .Add(
            "controller-deployment", ControllerSettings.Name, s => s.Deployment, (s, v) => s.Deployment = v,
            "The controllers' Deployment, if it still runs: it is scaled to none first, since it would make everything anew.", defaultText: "none, it is stopped already")
        .Add(
            "timeout", OptionTypes.Duration(TimeSpan.FromSeconds(1)), s => s.Timeout, (s, v) => s.Timeout = v,
            "How long all of it may take.")
        .Include(LogOptions.Definitions, s => s.Log);

    public ControllerOptions Controller { get; } = new();

    public string Deployment { get; set; } = "";

    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(3);

    public LogOptions Log { get; } = new();
}
