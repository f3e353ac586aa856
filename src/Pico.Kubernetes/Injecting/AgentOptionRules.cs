namespace Pico.Kubernetes.Injecting;

/// <summary>
/// The agent's own options, as annotations may set them: this room does not know them. The names are those of docs/configuration.md; a check gives what is
/// wrong with a value, in words for people, or null.
/// </summary>
public sealed record AgentOptionRules(IReadOnlySet<string> Names, Func<string, string, string?> Check)
{
    /// <summary>Options that depend on how the pod is put together, or on files that are not in it.</summary>
    internal static readonly IReadOnlySet<string> Reserved =
        new HashSet<string>(StringComparer.Ordinal) { "endpoints-file", "pod-labels-file", "token-file", "bind-addr", "drain-key", "server-tls.ca-file" };

    /// <summary>The option's environment variable.</summary>
    internal static string Variable(string name) => "PICO_" + name.Replace('.', '_').Replace('-', '_').ToUpperInvariant();
}
