namespace Pico.Kubernetes.Injecting;

/// <summary>
/// The agent's own options, as annotations may set them: this room does not know them. The names are those of docs/configuration.md; a check gives what is
/// wrong with a value, in words for people, or null.
/// </summary>
public sealed record AgentOptionRules(IReadOnlySet<string> Names, Func<string, string, string?> Check)
{
    private static readonly HashSet<string> OfThePod = new(StringComparer.Ordinal) { "bind-addr", "drain-key", "token" };

    /// <summary>True for an option that depends on how the pod is put together, or on files, which are not in it, or that is a secret.</summary>
    internal static bool IsReserved(string name) => OfThePod.Contains(name) || name.EndsWith("-file", StringComparison.Ordinal);

    /// <summary>The option's environment variable.</summary>
    internal static string Variable(string name) => "PICO_" + name.Replace('.', '_').Replace('-', '_').ToUpperInvariant();
}
