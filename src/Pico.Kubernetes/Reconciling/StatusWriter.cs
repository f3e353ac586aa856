using k8s.Models;
using Pico.Kubernetes.Resources;

namespace Pico.Kubernetes.Reconciling;

/// <summary>Writes down how a PicoEndpoint is: no clock and no API server in it. A condition keeps its time while its status stays.</summary>
internal static class StatusWriter
{
    public const string Accepted = "Accepted";
    public const string Programmed = "Programmed";
    public const string Ready = "Ready";

    /// <summary>The status that the resource should have. <paramref name="agents"/> are the live pods that serve it.</summary>
    public static PicoEndpointStatus Write(
        PicoEndpoint endpoint, Verdict verdict, Programming programming, IReadOnlyList<AgentPod> agents, string deploymentTrouble, string urlTemplate, DateTimeOffset now)
    {
        var ready = agents.Count(a => a.IsReady);
        var before = endpoint.Status?.Conditions ?? [];
        var (isReady, reason, message) = Readiness(endpoint, programming, agents, deploymentTrouble);
        return new PicoEndpointStatus
        {
            ObservedGeneration = endpoint.Metadata.Generation,
            Conditions =
            [
                Condition(Accepted, verdict.IsAccepted, verdict.Reason, verdict.Message),
                Condition(Programmed, programming.IsDone, programming.Reason, programming.Message),
                Condition(Ready, isReady, reason, message),
            ],
            Agents = $"{ready}/{agents.Count}",
            ReadyAgents = ready,
            Url = verdict.IsAccepted && urlTemplate.Length > 0 ? urlTemplate.Replace("{endpoint}", endpoint.Spec.EndpointId, StringComparison.Ordinal) : null,
        };

        V1Condition Condition(string type, bool isTrue, string why, string text)
        {
            var status = isTrue ? "True" : "False";
            var old = before.FirstOrDefault(c => c.Type == type);
            return new V1Condition
            {
                Type = type,
                Status = status,
                Reason = why,
                Message = text,
                ObservedGeneration = endpoint.Metadata.Generation,
                LastTransitionTime = old?.Status == status ? old.LastTransitionTime : now.UtcDateTime.AddTicks(-(now.UtcTicks % TimeSpan.TicksPerSecond)),
            };
        }
    }

    /// <summary>True if writing <paramref name="next"/> would change something.</summary>
    public static bool Differs(PicoEndpointStatus? current, PicoEndpointStatus next) =>
        current is null
        || current.ObservedGeneration != next.ObservedGeneration || current.Agents != next.Agents || current.ReadyAgents != next.ReadyAgents || current.Url != next.Url
        || !(current.Conditions ?? []).Select(Shape).SequenceEqual(next.Conditions!.Select(Shape));

    private static (string, string, string, string, long?) Shape(V1Condition c) => (c.Type, c.Status, c.Reason, c.Message, c.ObservedGeneration);

    private static (bool IsReady, string Reason, string Message) Readiness(
        PicoEndpoint endpoint, Programming programming, IReadOnlyList<AgentPod> agents, string deploymentTrouble)
    {
        if (!programming.IsDone)
            return (false, programming.Reason, "It is not programmed: see the condition Programmed.");
        var ready = agents.Count(a => a.IsReady);
        if (ready > 0)
            return (true, "AgentsReady", $"{ready} of {agents.Count} {(agents.Count == 1 ? "agent is" : "agents are")} ready.{Waiting(agents)}");
        if (agents.Count > 0)
            return (false, "AgentsNotReady", $"None of {agents.Count} {(agents.Count == 1 ? "agent" : "agents")} is ready.{Waiting(agents)}");
        if (endpoint.IsForService)
            return (false, "NoAgents", deploymentTrouble.Length > 0 ? $"The agent's Deployment has no pods: {deploymentTrouble}" : "The agent's Deployment has no pods yet.");
        return (false, "NoAgents",
            $"No pod that spec.selector selects has an agent: give the pods the label or annotation {PicoNames.Inject}: \"true\" when they are made, or change spec.selector.");
    }

    private static string Waiting(IReadOnlyList<AgentPod> agents)
    {
        var first = agents.Where(a => !a.IsReady).MinBy(a => a.Key.Name, StringComparer.Ordinal);
        return first is null ? "" : $" Pod {first.Key.Name}: {first.Trouble}.";
    }
}
