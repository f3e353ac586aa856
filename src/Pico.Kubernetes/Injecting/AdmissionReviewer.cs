using System.Text;
using System.Text.Json.Nodes;

namespace Pico.Kubernetes.Injecting;

/// <summary>AdmissionReview (admission.k8s.io/v1) in and out. Every pod is allowed, whatever happens here.</summary>
internal static class AdmissionReviewer
{
    /// <summary>The answer; <paramref name="result"/> is null when nothing is to be changed because the request could not be understood.</summary>
    public static JsonObject Answer(JsonNode? review, InjectionResult? result)
    {
        var response = new JsonObject { ["uid"] = Request(review)?["uid"]?.DeepClone() ?? "", ["allowed"] = true };
        if (result?.Patch is { Count: > 0 } patch)
        {
            response["patchType"] = "JSONPatch";
            response["patch"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(patch.ToJsonString()));
        }

        // kubectl shows them to whoever makes the pod.
        if (result?.Problems is { Count: > 0 } problems)
            response["warnings"] = new JsonArray([.. problems.Select(p => JsonValue.Create(p.Length > 250 ? p[..250] + " …" : p))]);
        return new JsonObject { ["apiVersion"] = "admission.k8s.io/v1", ["kind"] = "AdmissionReview", ["response"] = response };
    }

    /// <summary>The pod that is being created and its namespace; null if the request is about something else.</summary>
    public static (JsonObject Pod, string Namespace)? Pod(JsonNode? review) =>
        Request(review) is { } request
        && (string?)request["kind"]?["kind"] == "Pod" && (string?)request["operation"] == "CREATE" && request["object"] is JsonObject pod
            ? (pod, (string?)request["namespace"] ?? "")
            : null;

    private static JsonObject? Request(JsonNode? review) => (review as JsonObject)?["request"] as JsonObject;
}
