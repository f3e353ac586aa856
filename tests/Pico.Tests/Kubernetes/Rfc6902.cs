using System.Text.Json.Nodes;

namespace Pico.Tests.Kubernetes;

/// <summary>Applies <c>add</c> operations as an API server does, independent of what made them.</summary>
internal static class Rfc6902
{
    public static JsonObject Apply(JsonObject document, JsonArray patch)
    {
        var result = (JsonObject)document.DeepClone();
        foreach (var operation in patch)
        {
            Assert.Equal("add", (string?)operation!["op"]);
            var path = ((string)operation["path"]!).Split('/')[1..].Select(p => p.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)).ToArray();
            JsonNode parent = result;
            foreach (var part in path[..^1])
                parent = (parent is JsonArray list ? list[int.Parse(part)] : parent[part]) ?? throw new InvalidOperationException($"{operation["path"]} leads nowhere.");
            if (parent is JsonArray items)
            {
                Assert.Equal("-", path[^1]);
                items.Add(operation["value"]!.DeepClone());
            }
            else
                parent[path[^1]] = operation["value"]!.DeepClone();
        }

        return result;
    }
}
