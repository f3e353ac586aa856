using System.Text.Json;

namespace Pico.Server.Admin.Metrics;

/// <summary>How labels are written everywhere: lower case, words apart by underscores, as the codes of errors.</summary>
internal static class MetricLabel
{
    /// <summary>A label whose value is that of a closed set.</summary>
    public static KeyValuePair<string, object?> Of<T>(string name, T value)
        where T : struct, Enum => new(name, Words<T>.Of(value));

    /// <summary>The value alone, such as <c>service_unreachable</c> of <c>ServiceUnreachable</c>.</summary>
    public static string Of<T>(T value)
        where T : struct, Enum => Words<T>.Of(value);

    private static class Words<T>
        where T : struct, Enum
    {
        private static readonly Dictionary<T, string> Known = Enum.GetValues<T>().Distinct().ToDictionary(static v => v, static v => JsonNamingPolicy.SnakeCaseLower.ConvertName(v.ToString()));

        public static string Of(T value) => Known.GetValueOrDefault(value, "other");
    }
}
