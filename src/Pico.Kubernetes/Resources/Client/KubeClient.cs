using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Authentication;
using k8s.Models;

namespace Pico.Kubernetes.Resources.Client;

/// <summary>
/// The API server: every kind by the same few calls, with server-side apply, paged lists and watches. Each call has a time-out of 30 s. What the API server
/// refuses is a <see cref="KubeApiException"/>, what does not reach it an <see cref="HttpRequestException"/> or <see cref="TimeoutException"/>.
/// </summary>
internal sealed class KubeClient(HttpClient http, ServiceClientCredentials? credentials, TimeProvider time) : IDisposable
{
    private const string MergePatch = "application/merge-patch+json";
    private const string ApplyPatch = "application/apply-patch+yaml";
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Null if there is no such object.</summary>
    public async Task<T?> GetAsync<T>(ResourceType<T> type, string? @namespace, string name, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        try
        {
            return await SendAsync<T>(HttpMethod.Get, type.Path(@namespace, name), null, null, cancellationToken);
        }
        catch (KubeApiException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>
    /// One page; <paramref name="continue"/> is that of the page before, or empty. An answer that is no list, such as a proxy's, is never taken for an empty one: it throws
    /// <see cref="InvalidDataException"/>.
    /// </summary>
    public async Task<ListPage<T>> ListAsync<T>(ResourceType<T> type, ListQuery query, int limit, string @continue, CancellationToken cancellationToken)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        var page = await SendAsync<ListPage<T>>(
            HttpMethod.Get, type.Path(query.Namespace) + query.Write(("limit", $"{limit}"), ("continue", @continue)), null, null, cancellationToken);
        return string.IsNullOrEmpty(page.Metadata.ResourceVersion)
            ? throw new InvalidDataException("The answer is no list of the Kubernetes API: it has no resource version.")
            : page;
    }

    /// <summary>Makes an object; <see cref="KubeApiException.IsConflict"/> if there is one of that name.</summary>
    public Task<T> CreateAsync<T>(ResourceType<T> type, T body, CancellationToken cancellationToken)
        where T : IKubernetesObject<V1ObjectMeta> =>
        SendAsync<T>(HttpMethod.Post, type.Path(body.Metadata.NamespaceProperty), Json(body), "application/json", cancellationToken);

    /// <summary>Replaces it if its resource version is still that of <paramref name="body"/>, else <see cref="KubeApiException.IsConflict"/>.</summary>
    public Task<T> ReplaceAsync<T>(ResourceType<T> type, T body, CancellationToken cancellationToken)
        where T : IKubernetesObject<V1ObjectMeta> =>
        SendAsync<T>(HttpMethod.Put, type.Path(body.Metadata.NamespaceProperty, body.Metadata.Name), Json(body), "application/json", cancellationToken);

    /// <summary>Server-side apply: makes it so, whatever it was, and leaves to others the fields that are theirs.</summary>
    public Task<T> ApplyAsync<T>(ResourceType<T> type, T body, CancellationToken cancellationToken)
        where T : IKubernetesObject<V1ObjectMeta> =>
        SendAsync<T>(
            HttpMethod.Patch, type.Path(body.Metadata.NamespaceProperty, body.Metadata.Name) + $"?fieldManager={PicoNames.Controller}&force=true",
            Json(body), ApplyPatch, cancellationToken);

    /// <summary>Changes some fields (RFC 7396). <see cref="KubeApiException.IsNotFound"/> if the object is gone.</summary>
    public Task MergeAsync<T>(ResourceType<T> type, ObjectKey key, string? subresource, JsonObject patch, CancellationToken cancellationToken)
        where T : IKubernetesObject<V1ObjectMeta> =>
        SendAsync<JsonElement>(
            HttpMethod.Patch, type.Path(key.Namespace, key.Name, subresource) + $"?fieldManager={PicoNames.Controller}",
            patch.ToJsonString(), MergePatch, cancellationToken);

    /// <summary>Deletes the object, if it is the one with <paramref name="uid"/>. False if it was gone already.</summary>
    public async Task<bool> DeleteAsync<T>(ResourceType<T> type, ObjectKey key, string uid, CancellationToken cancellationToken)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        var options = Json(new V1DeleteOptions { PropagationPolicy = "Background", Preconditions = new V1Preconditions { Uid = uid } });
        try
        {
            await SendAsync<JsonElement>(HttpMethod.Delete, type.Path(key.Namespace, key.Name), options, "application/json", cancellationToken);
            return true;
        }
        catch (KubeApiException e) when (e.IsNotFound || e.IsConflict)
        {
            return false;
        }
    }

    /// <summary>
    /// Evicts the pod, if it is the one with <paramref name="uid"/>, in the time that it has to end. False if it is not let go now, as by a PodDisruptionBudget (429), or gone already, as when another has its name.
    /// </summary>
    public async Task<bool> EvictAsync(ObjectKey key, string uid, ServerVersion version, CancellationToken cancellationToken)
    {
        var eviction = new V1Eviction
        {
            ApiVersion = version.HasStableEvictions ? "policy/v1" : "policy/v1beta1",
            Kind = V1Eviction.KubeKind,
            Metadata = new V1ObjectMeta { Name = key.Name, NamespaceProperty = key.Namespace },
            DeleteOptions = new V1DeleteOptions { Preconditions = new V1Preconditions { Uid = uid } },
        };
        try
        {
            var answer = await SendAsync<JsonElement>(HttpMethod.Post, ResourceTypes.Pods.Path(key.Namespace, key.Name, "eviction"), Json(eviction), "application/json", cancellationToken);
            // A refusal may come with the HTTP status 201: when several budgets select the pod.
            if (answer.TryGetProperty("status", out var status) && status.ValueKind == JsonValueKind.String && status.ValueEquals("Failure"))
                throw Refusal(answer, HttpStatusCode.InternalServerError);
            return true;
        }
        catch (KubeApiException e) when (e.IsNotFound || e.IsConflict || e.Status == HttpStatusCode.TooManyRequests)
        {
            return false;
        }
    }

    /// <summary>What the API server is.</summary>
    public async Task<ServerVersion> GetVersionAsync(CancellationToken cancellationToken)
    {
        var version = await SendAsync<JsonElement>(HttpMethod.Get, "/version", null, null, cancellationToken);
        return ServerVersion.Parse(version.GetProperty("major").GetString(), version.GetProperty("minor").GetString());
    }

    /// <summary>The keys by which the API server signs ServiceAccount tokens: a JSON Web Key Set (RFC 7517).</summary>
    public async Task<string> GetIssuerKeysAsync(CancellationToken cancellationToken) =>
        (await SendAsync<JsonElement>(HttpMethod.Get, "/openid/v1/jwks", null, null, cancellationToken)).GetRawText();

    /// <summary>
    /// What happens after <paramref name="resourceVersion"/>. Ends when the API server ends it, which is asked for after <paramref name="duration"/>; one
    /// that stands still for half a minute longer is given up with a <see cref="TimeoutException"/>.
    /// </summary>
    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceType<T> type, ListQuery query, string resourceVersion, TimeSpan duration, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        using var stall = new CancellationTokenSource(duration + CallTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stall.Token, cancellationToken);
        var path = type.Path(query.Namespace) + query.Write(
            ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", resourceVersion), ("timeoutSeconds", $"{(int)duration.TotalSeconds}"));
        using var response = await OpenAsync(HttpMethod.Get, path, null, null, either.Token, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(either.Token), Encoding.UTF8);
        while (await ReadLineAsync(reader, either.Token, cancellationToken) is { } line)
            yield return ReadEvent<T>(line);
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private static async Task<string?> ReadLineAsync(StreamReader reader, CancellationToken either, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadLineAsync(either);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("The watch stood still.");
        }
    }

    private static WatchEvent<T> ReadEvent<T>(string line)
    {
        using var json = JsonDocument.Parse(line);
        var value = json.RootElement.GetProperty("object");
        return json.RootElement.GetProperty("type").GetString() switch
        {
            "ADDED" => new(WatchEventKind.Added, Read()),
            "MODIFIED" => new(WatchEventKind.Modified, Read()),
            "DELETED" => new(WatchEventKind.Deleted, Read()),
            "BOOKMARK" => new(WatchEventKind.Bookmark, Read()),
            _ => throw Refusal(value, HttpStatusCode.InternalServerError),
        };

        T Read() => KubernetesJson.Deserialize<T>(value);
    }

    private async Task<TResult> SendAsync<TResult>(HttpMethod method, string path, string? body, string? contentType, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(CallTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var response = await OpenAsync(method, path, body, contentType, either.Token, cancellationToken);
            await using var stream = await response.Content.ReadAsStreamAsync(either.Token);
            using var buffer = new MemoryStream();
            await stream.CopyToAsync(buffer, either.Token);
            buffer.Position = 0;
            return KubernetesJson.Deserialize<TResult>(buffer);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The API server did not answer within {CallTimeout.TotalSeconds} s.");
        }
    }

    /// <summary>Gives a response of success, whose body is still to be read.</summary>
    private async Task<HttpResponseMessage> OpenAsync(
        HttpMethod method, string path, string? body, string? contentType, CancellationToken either, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(http.BaseAddress!, path)) { Version = http.DefaultRequestVersion, VersionPolicy = http.DefaultVersionPolicy };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("*/*", 0.8)); // a set of keys is application/jwk-set+json
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue(PicoNames.Controller, null));
        if (body is not null)
            request.Content = new StringContent(body, new MediaTypeHeaderValue(contentType!));
        if (credentials is not null)
            await credentials.ProcessHttpRequestAsync(request, either);
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("The API server does not answer.");
        }

        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw Refusal(await response.Content.ReadAsStringAsync(either), response.StatusCode);
    }

    private static KubeApiException Refusal(string body, HttpStatusCode status)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return Refusal(json.RootElement, status);
        }
        catch (JsonException)
        {
            return new KubeApiException(status, "", $"{(int)status} {body.Trim()}");
        }
    }

    // metav1.Status
    private static KubeApiException Refusal(JsonElement json, HttpStatusCode status)
    {
        if (json.ValueKind != JsonValueKind.Object)
            return new KubeApiException(status, "", json.ToString());
        if (json.TryGetProperty("code", out var code) && code.TryGetInt32(out var number))
            status = (HttpStatusCode)number;
        return new KubeApiException(status, Text("reason"), Text("message") is { Length: > 0 } message ? message : $"{(int)status}");

        string Text(string name) => json.TryGetProperty(name, out var text) ? text.GetString() ?? "" : "";
    }

    private static string Json(object body) => KubernetesJson.Serialize(body);
}
