using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using k8s.Models;
using Pico.Kubernetes.Resources;

namespace Pico.Kubernetes.Reconciling;

/// <summary>
/// Writes endpoints as the agent reads them (docs/configuration.md, the endpoints file): a YAML list whose items are flow mappings, a line for each, and the
/// same text for the same resources. Strings are written as JSON, which is YAML.
/// </summary>
internal static class AgentConfigWriter
{
    /// <summary>A ConfigMap holds 1 MiB, names and annotations included.</summary>
    public const int MaxSize = 900 * 1024;

    private const string Head = "# Written by pico-controller from the PicoEndpoints of this namespace.\nendpoints:\n";

    /// <summary>The file; what does not fit, of those that come last by name, is left out (<see cref="IsIn"/>).</summary>
    public static string Write(IEnumerable<PicoEndpoint> endpoints)
    {
        var text = new StringBuilder(Head);
        foreach (var endpoint in endpoints.OrderBy(e => e.Key.Name, StringComparer.Ordinal))
        {
            var entry = Entry(endpoint);
            if (text.Length + entry.Length <= MaxSize)
                text.Append(entry);
        }

        return text.ToString();
    }

    /// <summary>True if <paramref name="content"/>, written by <see cref="Write"/>, has the endpoint as it is now.</summary>
    public static bool IsIn(PicoEndpoint endpoint, string content) => content.Contains(Entry(endpoint), StringComparison.Ordinal);

    /// <summary>Stands for everything in the list that concerns pods with such labels; empty if nothing does.</summary>
    public static string HashFor(IReadOnlyDictionary<string, string> labels, IEnumerable<PicoEndpoint> endpoints)
    {
        var mine = string.Concat(endpoints.Where(e => LabelSelectors.Matches(e.Spec.Selector!, labels)).Select(Entry).Order(StringComparer.Ordinal));
        return mine.Length == 0 ? "" : Hash(mine);
    }

    /// <summary>A short name for a text.</summary>
    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));

    private static string Entry(PicoEndpoint endpoint)
    {
        var spec = endpoint.Spec;
        var text = new StringBuilder("- {id: ").Append(Quote(spec.EndpointId!))
            .Append(CultureInfo.InvariantCulture, $", address: {spec.Port}, protocol: {Protocol(spec)}");
        foreach (var (name, value) in EndpointSettings.Of(spec))
            text.Append(CultureInfo.InvariantCulture, $", {name}: {Quote(value)}");
        return text.Append(", selector: ").Append(Selector(spec.Selector!)).Append("}\n").ToString();
    }

    internal static string Protocol(PicoEndpointSpec spec) => (spec.Protocol ?? "HTTP").ToLowerInvariant();

    private static string Selector(V1LabelSelector selector)
    {
        var parts = new List<string>();
        if (selector.MatchLabels is { Count: > 0 } labels)
            parts.Add($"matchLabels: {{{string.Join(", ", labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{Quote(l.Key)}: {Quote(l.Value)}"))}}}");
        if (selector.MatchExpressions is { Count: > 0 } expressions)
            parts.Add($"matchExpressions: [{string.Join(", ", expressions.Select(Expression))}]");
        return $"{{{string.Join(", ", parts)}}}";
    }

    private static string Expression(V1LabelSelectorRequirement e)
    {
        var values = e.Values is { Count: > 0 } ? $", values: [{string.Join(", ", e.Values.Select(Quote))}]" : "";
        return $"{{key: {Quote(e.Key)}, operator: {e.OperatorProperty}{values}}}";
    }

    private static string Quote(string value) => $"\"{JsonEncodedText.Encode(value)}\"";
}
