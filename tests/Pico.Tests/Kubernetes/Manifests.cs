using System.Text.Json.Nodes;
using YamlDotNet.Serialization;

namespace Pico.Tests.Kubernetes;

/// <summary>Objects as tests write them: YAML.</summary>
internal static class Manifests
{
    public static JsonObject Parse(string yaml)
    {
        var graph = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize(new StringReader(yaml));
        return JsonNode.Parse(new SerializerBuilder().JsonCompatible().Build().Serialize(graph))!.AsObject();
    }

    /// <summary>A PicoEndpoint for pods with a label.</summary>
    public static JsonObject ForPods(string id, string app, int port = 8080, string more = "") => Parse(
        $"spec:\n  endpointId: {id}\n  selector: {{matchLabels: {{app: {app}}}}}\n  port: {port}\n{more}");

    /// <summary>A PicoEndpoint for a Service.</summary>
    public static JsonObject ForService(string id, string service, string port) =>
        Parse($"spec:\n  endpointId: {id}\n  serviceRef: {{name: {service}, port: {port}}}\n");

    /// <summary>A pod with an agent beside it.</summary>
    public static JsonObject Sidecar(string app, bool isReady) => Parse(
        $"metadata:\n  labels: {{app: {app}, pico.dev/agent: sidecar}}\nspec:\n  containers: []\n"
        + $"status:\n  phase: Running\n  containerStatuses: [{{name: pico-agent, ready: {(isReady ? "true" : "false")}, state: {{running: {{startedAt: '2026-01-01T00:00:00Z'}}}}}}]\n");
}
