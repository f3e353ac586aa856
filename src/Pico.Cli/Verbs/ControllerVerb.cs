using Pico.Agent.Commands;
using Pico.Agent.Commands.Logs;
using Pico.Cli.Settings;
using Pico.Configuration.Commands;
using Pico.Kubernetes;
using Pico.Kubernetes.Injecting;

namespace Pico.Cli.Verbs;

/// <summary><c>pico controller</c>: PicoEndpoints and the injector, in a Kubernetes cluster.</summary>
internal static class ControllerVerb
{
    public static Verb Create() => new Verb<ControllerSettings>(
        new VerbText
        {
            Name = "controller",
            Summary = "Run the Kubernetes controller: PicoEndpoint resources, and agents added to annotated pods.",
            Details =
                "Watches PicoEndpoints and tells the agents beside the pods what to serve, runs agents for Services, and serves the webhook that adds the agent to "
                + "pods that ask for it. Of several controllers one leads; the webhook is served by all.",
            Examples =
            [
                ("In a pod, for all namespaces, agents connecting to the servers' Service", "pico controller --agent.server ws://pico-upstream.pico.svc:8001"),
                ("Two namespaces only, with permissions in those", "pico controller --watch-namespaces shop,billing"),
                ("On a developer's machine, without the webhook", "pico controller --kube-config ~/.kube/config --namespace pico --webhook.bind-addr ''"),
            ],
            Docs = "docs/kubernetes.md, docs/configuration.md",
        },
        ControllerSettings.Definitions,
        RunAsync);

    /// <summary>The agent's options, so that annotations can set them.</summary>
    internal static AgentOptionRules AgentOptions { get; } =
        new(AgentSettings.Definitions.Definitions.Select(d => d.Name).ToHashSet(StringComparer.Ordinal), AgentSettings.Definitions.Check);

    private static async Task<int> RunAsync(ControllerSettings settings, VerbContext context)
    {
        using var loggers = Logging.Start(settings.Log, context.Effective);
        await using var controller = new PicoController(settings.Controller, AgentOptions, loggers, TimeProvider.System);
        await controller.RunAsync(context.Stopping);
        return ExitCode.Clean;
    }
}
