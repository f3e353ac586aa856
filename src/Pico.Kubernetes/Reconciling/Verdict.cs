using Pico.Kubernetes.Resources;

namespace Pico.Kubernetes.Reconciling;

/// <summary>Whether a PicoEndpoint takes part, and if not, what to change.</summary>
internal sealed record Verdict(bool IsAccepted, string Reason, string Message)
{
    public static Verdict Of(PicoEndpoint endpoint, EndpointIndex index)
    {
        var problems = PicoEndpointRules.Problems(endpoint.Spec);
        if (problems.Count > 0)
            return new Verdict(false, "Invalid", string.Join("; ", problems) + ".");
        var owner = index.Owner(endpoint.Spec.EndpointId!);
        if (owner is null || owner.Key == endpoint.Key)
            return new Verdict(true, "Accepted", "The spec is valid and nobody else has the endpoint ID.");
        // Another namespace's names are nobody's business here.
        return owner.Key.Namespace == endpoint.Key.Namespace
            ? new Verdict(false, "Conflict", $"The older PicoEndpoint {owner.Key.Name} has the endpoint ID \"{endpoint.Spec.EndpointId}\": give another spec.endpointId, or delete that one.")
            : new Verdict(false, "Conflict", $"A PicoEndpoint of another namespace has had the endpoint ID \"{endpoint.Spec.EndpointId}\" for longer: give another spec.endpointId.");
    }
}
