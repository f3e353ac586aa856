using Pico.Agent.Commands.Logs;
using Pico.Cli.Settings;
using Pico.Configuration.Commands;
using Pico.Kubernetes.Reconciling;

namespace Pico.Cli.Verbs;

/// <summary><c>pico cleanup</c>: what an uninstallation leaves to do.</summary>
internal static class CleanupVerb
{
    public static Verb Create() => new Verb<CleanupSettings>(
        new VerbText
        {
            Name = "cleanup",
            Summary = "Remove what the Kubernetes controller has made, before it is uninstalled.",
            Details =
                "Deletes the agent Deployments with their ServiceAccounts, the ConfigMaps of agents, the Lease and the webhook's certificate: everything that has the label "
                + "app.kubernetes.io/managed-by=pico-controller. PicoEndpoints stay. Stop the controller first, or it makes them anew.",
            Examples = [("Before Pico is uninstalled", "pico cleanup --namespace pico")],
            Docs = "docs/kubernetes.md",
        },
        CleanupSettings.Definitions,
        RunAsync);

    private static async Task<int> RunAsync(CleanupSettings settings, VerbContext context)
    {
        using var loggers = Logging.Start(settings.Log, context.Effective);
        using var cleanup = new ControllerCleanup(settings.Controller, loggers, TimeProvider.System);
        var count = await cleanup.RunAsync(context.Stopping);
        await context.Out.WriteLineAsync($"{count} objects removed");
        return ExitCode.Clean;
    }
}
