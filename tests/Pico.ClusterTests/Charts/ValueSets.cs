namespace Pico.ClusterTests.Charts;

/// <summary>The sets of values (charts/pico/ci) and the versions of Kubernetes that every check of the rendered objects runs over.</summary>
internal static class ValueSets
{
    public const string Default = "default";
    public const string Everything = "everything";
    public const string Namespaced = "namespaced";

    /// <summary>This and the versions after it have CEL in CRDs.</summary>
    public const string FirstWithCel = "1.25.0";

    /// <summary>The oldest that the chart is for, and three of today's.</summary>
    public static readonly string[] Kubernetes = ["1.20.2", FirstWithCel, "1.29.0", "1.34.0"];

    /// <summary>Every set by name.</summary>
    public static string[] Names { get; } =
        [.. Directory.GetFiles(Path.Combine(Helm.Chart, "ci"), "*-values.yaml").Select(f => Path.GetFileName(f)[..^"-values.yaml".Length]).Order(StringComparer.Ordinal)];

    /// <summary>Every set on every version.</summary>
    public static IEnumerable<TheoryDataRow<string, string>> All { get; } =
        [.. Names.SelectMany(n => Kubernetes.Select(k => new TheoryDataRow<string, string>(n, k)))];

    public static string File(string name) => Path.Combine(Helm.Chart, "ci", name + "-values.yaml");

    /// <summary>What such an API server has beside what Helm knows: the operators that the values ask for.</summary>
    public static IEnumerable<string> ApiVersions(string kubernetes)
    {
        string[] operators = ["monitoring.coreos.com/v1", "cert-manager.io/v1"];
        string[] today = string.CompareOrdinal(kubernetes, FirstWithCel) >= 0 ? ["gateway.networking.k8s.io/v1"] : [];
        return [.. operators.Concat(today).SelectMany(v => (string[])["--api-versions", v])];
    }
}
