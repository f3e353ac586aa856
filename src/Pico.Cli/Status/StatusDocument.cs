using System.Text.Json;
using System.Text.Json.Nodes;
using Pico.Cli.Settings;
using YamlDotNet.Serialization;

namespace Pico.Cli.Status;

/// <summary>A status for programs: JSON or YAML, with all that the server said, known to this pico or not.</summary>
internal static class StatusDocument
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private static readonly ISerializer Yaml = new SerializerBuilder().WithQuotingNecessaryStrings().WithIndentedSequences().Build();

    /// <summary>The things of a page of <paramref name="section"/>, each detached; null if it is no list.</summary>
    public static IReadOnlyList<JsonNode>? ItemsOf(StatusSection section, JsonNode page) => section switch
    {
        StatusSection.Nodes or StatusSection.Endpoints or StatusSection.Tunnels => [.. page["items"]!.AsArray().Select(i => i!.DeepClone())],
        StatusSection.Upstreams => [.. page["items"]!.AsArray().SelectMany(e => Upstreams(e!))],
        _ => null,
    };

    /// <summary>Writes a document; <paramref name="isOneOfMany"/>: others follow, so JSON stands on one line, and YAML after its marker.</summary>
    public static void Write(TextWriter output, StatusOutput format, JsonNode document, bool isOneOfMany)
    {
        if (format == StatusOutput.Json)
            output.WriteLine(isOneOfMany ? document.ToJsonString() : document.ToJsonString(Indented));
        else
            output.Write((isOneOfMany ? "---\n" : "") + Yaml.Serialize(Plain(document)!));
    }

    // Each with its endpoint, which the nesting says otherwise.
    private static IEnumerable<JsonNode> Upstreams(JsonNode endpoint)
    {
        foreach (var upstream in endpoint["upstreams"]!.AsArray())
        {
            var copy = new JsonObject { ["endpoint"] = endpoint["id"]!.DeepClone() };
            foreach (var (name, value) in upstream!.AsObject())
                copy[name] = value?.DeepClone();
            yield return copy;
        }
    }

    private static object? Plain(JsonNode? node) => node switch
    {
        null => null,
        JsonObject members => members.ToDictionary(m => m.Key, m => Plain(m.Value)),
        JsonArray items => items.Select(Plain).ToArray(),
        _ => node.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number when node.AsValue().TryGetValue(out long whole) => whole,
            JsonValueKind.Number => (double)node,
            _ => (string?)node,
        },
    };
}
