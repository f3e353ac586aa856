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
                + "app.kubernetes.io/managed-by=pico-controller. PicoEndpoints stay. Stop the controller first, or name its Deployment, or it makes them anew. helm uninstall does all of it.",
            Examples =
            [
                ("Before Pico is uninstalled without Helm", "pico cleanup --namespace pico --controller-deployment pico-controller"),
                ("What a controller of two namespaces has made", "pico cleanup --namespace pico --watch-namespaces shop,billing"),
            ],
            Docs = "docs/kubernetes.md",
        },
        CleanupSettings.Definitions,
        RunAsync);

    private static async Task<int> RunAsync(CleanupSettings settings, VerbContext context)
    {
        using var loggers = Logging.Start(settings.Log, context.Effective);
        using var cleanup = new ControllerCleanup(settings.Controller, settings.Deployment, loggers, TimeProvider.System);
        using var timeout = new CancellationTokenSource(settings.Timeout, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, context.Stopping);
        try
        {
            var count = await cleanup.RunAsync(either.Token);
            await context.Out.WriteLineAsync($"{count} objects removed");
            return ExitCode.Clean;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            return context.Fail($"not done within {settings.Timeout.TotalSeconds} s; run it again, or give --timeout");
        }
    }
}
