using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Pico.ClusterTests.Charts;

/// <summary>Rendered objects.</summary>
internal sealed class Rendering
{
    private Rendering(IReadOnlyList<KubeObject> objects, string kubernetes) => (Objects, Kubernetes) = (objects, kubernetes);

    /// <summary>All of them, hooks and tests too.</summary>
    public IReadOnlyList<KubeObject> Objects { get; }

    /// <summary>The version of Kubernetes that they were rendered for.</summary>
    public string Kubernetes { get; }

    /// <summary>Those of one kind.</summary>
    public IEnumerable<KubeObject> Of(string kind) => Objects.Where(o => o.Kind == kind);

    /// <summary>The one of that kind and name.</summary>
    public KubeObject Get(string kind, string name) =>
        Assert.Single(Objects, o => o.Kind == kind && o.Name == name);

    /// <summary>Every pod that comes of them.</summary>
    public IEnumerable<PodTemplate> Pods() => Objects.Select(PodTemplate.Of).OfType<PodTemplate>();

    /// <summary>Reads a stream of YAML documents. Throws <see cref="YamlException"/> where it is none, also for a key that stands twice.</summary>
    public static Rendering Parse(string yaml, string kubernetes = "")
    {
        var parser = new Parser(new StringReader(yaml));
        parser.Consume<StreamStart>();
        var objects = new List<KubeObject>();
        while (parser.Accept<DocumentStart>(out _))
        {
            parser.Consume<DocumentStart>();
            if (YamlJson.Read(parser) is JsonObject document)
                objects.Add(new KubeObject(document));
            parser.Consume<DocumentEnd>();
        }

        return new Rendering(objects, kubernetes);
    }
}

/// <summary>A rendered object.</summary>
internal sealed record KubeObject(JsonObject Json)
{
    public string Kind => (string)Json["kind"]!;

    public string ApiVersion => (string)Json["apiVersion"]!;

    public string Name => (string)Json["metadata"]!["name"]!;

    public string Namespace => (string?)Json["metadata"]!["namespace"] ?? "";

    /// <summary>The hook that it is: <c>test</c>, <c>pre-delete</c>; empty for an object of the release.</summary>
    public string Hook => (string?)Json["metadata"]!["annotations"]?["helm.sh/hook"] ?? "";

    public JsonNode Spec => Json["spec"]!;

    public IReadOnlyDictionary<string, string> Labels => Text(Json["metadata"]!["labels"]);

    public override string ToString() => $"{Kind} {Name}";

    /// <summary>A mapping of texts; empty for null.</summary>
    public static IReadOnlyDictionary<string, string> Text(JsonNode? mapping) =>
        (mapping as JsonObject ?? []).ToDictionary(m => m.Key, m => (string)m.Value!, StringComparer.Ordinal);

    /// <summary>True if every label of a selector is there.</summary>
    public static bool Selects(IReadOnlyDictionary<string, string> selector, IReadOnlyDictionary<string, string> labels) =>
        selector.Count > 0 && selector.All(s => labels.TryGetValue(s.Key, out var value) && value == s.Value);
}

/// <summary>A pod that comes of a rendered object.</summary>
internal sealed record PodTemplate(KubeObject Owner, IReadOnlyDictionary<string, string> Labels, JsonNode Spec)
{
    public IEnumerable<JsonNode> Containers => new[] { "initContainers", "containers" }.SelectMany(c => Spec[c] as JsonArray ?? []).Select(c => c!);

    /// <summary>Its ports: name, number and protocol.</summary>
    public IEnumerable<(string Name, int Number, string Protocol)> Ports => Containers.SelectMany(c => c["ports"] as JsonArray ?? [])
        .Select(p => ((string?)p!["name"] ?? "", (int)p["containerPort"]!, (string?)p["protocol"] ?? "TCP"));

    public static PodTemplate? Of(KubeObject owner) => owner.Kind switch
    {
        "Pod" => new(owner, owner.Labels, owner.Spec),
        "Deployment" or "Job" => new(owner, KubeObject.Text(owner.Spec["template"]!["metadata"]?["labels"]), owner.Spec["template"]!["spec"]!),
        _ => null,
    };

    public override string ToString() => $"a pod of {Owner}";
}
