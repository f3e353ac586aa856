using Pico.Configuration.Definitions;

namespace Pico.Configuration.Loading;

/// <summary>
/// Options from <c>PICO_…</c> variables. An unknown one is refused, except what is set by others: the links that Kubernetes makes for Services
/// whose name begins with "pico" (<c>PICO_SERVER_SERVICE_HOST</c>, <c>PICO_PORT_8000_TCP_ADDR</c>, …), and <c>PICO_TEST_…</c>.
/// </summary>
internal static class EnvironmentSource
{
    private static readonly string[] LinkEndings = ["_SERVICE_HOST", "_SERVICE_PORT", "_TCP", "_UDP", "_PROTO", "_PORT", "_ADDR"];

    /// <summary>
    /// Reads the variables. <paramref name="options"/> are those of the verb; <paramref name="others"/> those of the program's other verbs,
    /// which may be set in the same environment.
    /// </summary>
    public static void Read(
        IReadOnlyDictionary<string, string> environment, IEnumerable<OptionDefinition> options, IEnumerable<OptionDefinition> others,
        Dictionary<string, RawValue> values, List<ConfigurationProblem> problems)
    {
        var known = options.ToDictionary(o => o.Variable);
        var elsewhere = others.Select(o => o.Variable).ToHashSet();
        foreach (var (variable, value) in environment.Order(ByName))
        {
            if (!variable.StartsWith(OptionDefinition.VariablePrefix, StringComparison.Ordinal))
                continue;
            if (known.TryGetValue(variable, out var option))
            {
                if (!IsServiceLink(variable, value))
                    values[option.Name] = new RawValue([value], variable);
            }
            else if (!elsewhere.Contains(variable) && !IsSetByOthers(variable, value))
            {
                problems.Add(ConfigurationProblem.UnknownKey(variable, "environment", Spelling.Nearest(variable, known.Keys)));
            }
        }
    }

    private static Comparer<KeyValuePair<string, string>> ByName { get; } =
        Comparer<KeyValuePair<string, string>>.Create((a, b) => string.CompareOrdinal(a.Key, b.Key));

    private static bool IsSetByOthers(string variable, string value) =>
        variable.StartsWith("PICO_TEST_", StringComparison.Ordinal)
        || IsServiceLink(variable, value)
        || variable.Contains("_SERVICE_PORT_", StringComparison.Ordinal)
        || (LinkEndings.Any(e => variable.EndsWith(e, StringComparison.Ordinal)) && (variable.Contains("_PORT_", StringComparison.Ordinal) || variable.Contains("_SERVICE_", StringComparison.Ordinal)));

    // PICO_SERVER_PORT=tcp://10.0.0.1:8000
    private static bool IsServiceLink(string variable, string value) =>
        variable.EndsWith("_PORT", StringComparison.Ordinal)
        && (value.StartsWith("tcp://", StringComparison.Ordinal) || value.StartsWith("udp://", StringComparison.Ordinal));
}
