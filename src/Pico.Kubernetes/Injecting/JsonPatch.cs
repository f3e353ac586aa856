using System.Text.Json.Nodes;
using k8s;

namespace Pico.Kubernetes.Injecting;

/// <summary>A JSON Patch (RFC 6902) of <c>add</c> operations that never replaces what is there; objects and lists on the way are made when missing.</summary>
/// <param name="document">What the patch is for; it is changed along.</param>
internal sealed class JsonPatch(JsonObject document)
{
    /// <summary>The operations.</summary>
    public JsonArray Operations { get; } = [];

    /// <summary>Adds a member to the object at <paramref name="path"/>, unless it has one of that name.</summary>
    public void AddMember(string[] path, string name, JsonNode value)
    {
        var target = Find(path, static () => new JsonObject()).AsObject();
        if (target[name] is not null)
            return;
        target[name] = value.DeepClone();
        Append([.. path, name], value);
    }

    /// <summary>Adds an item to the end of the list at <paramref name="path"/>.</summary>
    public void AddItem(string[] path, object item)
    {
        var value = JsonNode.Parse(KubernetesJson.Serialize(item))!;
        Find(path, static () => new JsonArray()).AsArray().Add(value.DeepClone());
        Append([.. path, "-"], value);
    }

    /// <summary>The node at the path; the last one is made by <paramref name="create"/>, those before it are objects or items that exist.</summary>
    private JsonNode Find(string[] path, Func<JsonNode> create)
    {
        JsonNode node = document;
        for (var i = 0; i < path.Length; i++)
        {
            if (node is JsonArray list)
            {
                node = list[int.Parse(path[i])]!;
                continue;
            }

            var parent = node.AsObject();
            if (parent[path[i]] is { } next)
            {
                node = next;
                continue;
            }

            node = i == path.Length - 1 ? create() : new JsonObject();
            parent[path[i]] = node;
            Append(path[..(i + 1)], node);
        }

        return node;
    }

    // RFC 6901 section 3.
    private void Append(IEnumerable<string> path, JsonNode value) => Operations.Add(new JsonObject
    {
        ["op"] = "add",
        ["path"] = string.Concat(path.Select(p => "/" + p.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal))),
        ["value"] = value.DeepClone(),
    });
}
