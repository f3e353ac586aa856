using System.Net;

namespace Pico.Kubernetes.Resources.Client;

/// <summary>The API server refused. The message has its words.</summary>
internal sealed class KubeApiException(HttpStatusCode status, string reason, string message) : Exception(message)
{
    public HttpStatusCode Status { get; } = status;

    /// <summary>The API's own word for it, such as <c>AlreadyExists</c>; empty if there was none.</summary>
    public string Reason { get; } = reason;

    public bool IsNotFound => Status == HttpStatusCode.NotFound;

    /// <summary>A resource version that is no longer kept: list again.</summary>
    public bool IsGone => Status == HttpStatusCode.Gone;

    public bool IsConflict => Status == HttpStatusCode.Conflict;

    public bool IsForbidden => Status == HttpStatusCode.Forbidden;
}
