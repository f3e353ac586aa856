using System.Text.Json.Nodes;

namespace Pico.ClusterTests.Fixtures;

/// <summary>Conditions in an object's status.</summary>
internal static class Conditions
{
    /// <summary>The condition; null if the object has none of that type, or one of an older generation.</summary>
    public static JsonNode? Find(JsonNode item, string type)
    {
        var condition = item["status"]?["conditions"]?.AsArray().FirstOrDefault(c => c!["type"]!.GetValue<string>() == type);
        return condition?["observedGeneration"] is { } generation && generation.GetValue<long>() < item["metadata"]!["generation"]!.GetValue<long>() ? null : condition;
    }

    public static bool IsTrue(JsonNode item, string type) => Find(item, type)?["status"]?.GetValue<string>() == "True";

    /// <summary>True if it is <c>False</c> for that reason.</summary>
    public static bool IsFalse(JsonNode item, string type, string reason) =>
        Find(item, type) is { } condition && condition["status"]!.GetValue<string>() == "False" && condition["reason"]!.GetValue<string>() == reason;
}
