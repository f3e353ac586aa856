using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Pico.Kubernetes.Resources.Client;

namespace Pico.Tests.Kubernetes;

/// <summary>
/// The API server's HTTP in memory: objects with resource versions, generations and UIDs, paged lists, watches, patches, and the things that go wrong with
/// them. It knows no kinds: a path ends in a plural or in a plural and a name.
/// </summary>
internal sealed class FakeApiServer : HttpMessageHandler
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, JsonObject> _objects = new(StringComparer.Ordinal);
    private readonly List<(int Version, string Type, string Path, JsonObject Object)> _log = [];
    private readonly List<Watch> _watches = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _version = 100;
    private int _oldest;

    /// <summary>Every request as "METHOD path?query".</summary>
    public List<string> Requests { get; } = [];

    /// <summary>Answers instead, if it gives something.</summary>
    public Func<HttpRequestMessage, HttpResponseMessage?> Intercept { get; set; } = static _ => null;

    public DateTime Now { get; set; } = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public KubeClient Connect(TimeProvider time) => new(new HttpClient(this, disposeHandler: false) { BaseAddress = new Uri("http://api") }, null, time);

    public JsonObject? Get(string path)
    {
        lock (_lock)
            return (JsonObject?)_objects.GetValueOrDefault(path)?.DeepClone();
    }

    /// <summary>Every object whose path has this in it.</summary>
    public JsonObject[] Objects(string part)
    {
        lock (_lock)
            return [.. _objects.Where(o => o.Key.Contains(part, StringComparison.Ordinal)).Select(o => (JsonObject)o.Value.DeepClone())];
    }

    /// <summary>Makes or replaces an object, as somebody else would.</summary>
    public void Put(string path, string json) => Put(path, JsonNode.Parse(json)!.AsObject());

    public void Put(string path, JsonObject body)
    {
        lock (_lock)
            Store(path, body);
    }

    public void Remove(string path)
    {
        lock (_lock)
        {
            if (_objects.Remove(path, out var gone))
                Tell("DELETED", path, gone);
        }
    }

    /// <summary>Ends every watch, as a restarting API server does.</summary>
    public void CutWatches()
    {
        lock (_lock)
        {
            foreach (var watch in _watches)
                watch.Lines.Writer.TryComplete();
            _watches.Clear();
        }
    }

    /// <summary>What happened so far is no longer known: watches from before get 410.</summary>
    public void Compact()
    {
        lock (_lock)
            _oldest = ++_version;
    }

    public int Count(string start)
    {
        lock (_lock)
            return Requests.Count(r => r.StartsWith(start, StringComparison.Ordinal));
    }

    /// <summary>Waits until it is so.</summary>
    public async Task WaitAsync(Func<FakeApiServer, bool> condition, string what)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        while (true)
        {
            var changed = _changed.Task;
            if (condition(this))
                return;
            try
            {
                await changed.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"It never came true that {what}. Requests: {string.Join("\n", Requests)}");
            }
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.AbsolutePath;
        var query = request.RequestUri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
            .ToDictionary(q => q.Split('=')[0], q => Uri.UnescapeDataString(q.Split('=', 2)[1]));
        var body = request.Content is null ? null : JsonNode.Parse(await request.Content.ReadAsStringAsync(cancellationToken))!.AsObject();
        lock (_lock)
        {
            Requests.Add($"{request.Method} {request.RequestUri.PathAndQuery}");
            Signal();
            return Intercept(request) ?? Answer(request.Method.Method, path, query, body);
        }
    }

    private HttpResponseMessage Answer(string method, string path, Dictionary<string, string> query, JsonObject? body)
    {
        if (path == "/version")
            return Json(new JsonObject { ["major"] = "1", ["minor"] = "20" });
        if (method == "GET" && query.ContainsKey("watch"))
            return StartWatch(path, query);
        var target = path.EndsWith("/status", StringComparison.Ordinal) || path.EndsWith("/scale", StringComparison.Ordinal) ? path[..path.LastIndexOf('/')] : path;
        switch (method)
        {
            case "GET" when _objects.TryGetValue(path, out var found):
                return Json(found);
            case "GET" when IsCollection(path):
                return List(path, query);
            case "POST":
                var created = path + "/" + (string?)body!["metadata"]!["name"];
                if (_objects.ContainsKey(created))
                    return Fail(HttpStatusCode.Conflict, "AlreadyExists");
                return Json(Store(created, body!), HttpStatusCode.Created);
            case "PUT" when _objects.TryGetValue(path, out var current):
                if (body!["metadata"]!["resourceVersion"] is { } version && (string?)version != (string?)current["metadata"]!["resourceVersion"])
                    return Fail(HttpStatusCode.Conflict, "Conflict");
                return Json(Store(path, body));
            case "PATCH" when query.ContainsKey("force"):
                return Json(Store(target, Merge(_objects.GetValueOrDefault(target), body!)));
            case "PATCH" when _objects.TryGetValue(target, out var patched):
                return Json(Store(target, Merge(patched, body!)));
            case "DELETE" when _objects.TryGetValue(path, out var doomed):
                if (body?["preconditions"]?["uid"] is { } uid && (string?)uid != (string?)doomed["metadata"]!["uid"])
                    return Fail(HttpStatusCode.Conflict, "Conflict");
                _objects.Remove(path);
                Tell("DELETED", path, doomed);
                return Json(new JsonObject { ["status"] = "Success" });
            default:
                return Fail(HttpStatusCode.NotFound, "NotFound");
        }
    }

    private static bool IsCollection(string path) => path[(path.LastIndexOf('/') + 1)..] is
        "picoendpoints" or "pods" or "services" or "serviceaccounts" or "deployments" or "configmaps" or "secrets" or "leases" or "events" or "mutatingwebhookconfigurations";

    private HttpResponseMessage List(string path, Dictionary<string, string> query)
    {
        var matching = _objects.Where(o => IsIn(o.Key, path) && IsSelected(o.Value, query)).Select(o => o.Value).ToList();
        var skip = query.TryGetValue("continue", out var token) && token.Length > 0 ? int.Parse(token, CultureInfo.InvariantCulture) : 0;
        var limit = int.Parse(query["limit"], CultureInfo.InvariantCulture);
        var more = matching.Count > skip + limit ? (skip + limit).ToString(CultureInfo.InvariantCulture) : "";
        return Json(new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = $"{_version}", ["continue"] = more },
            ["items"] = new JsonArray([.. matching.Skip(skip).Take(limit).Select(o => o.DeepClone())]),
        });
    }

    private HttpResponseMessage StartWatch(string path, Dictionary<string, string> query)
    {
        var from = int.Parse(query["resourceVersion"], CultureInfo.InvariantCulture);
        var watch = new Watch(path, query);
        if (from < _oldest)
        {
            watch.Write(new JsonObject { ["type"] = "ERROR", ["object"] = new JsonObject { ["kind"] = "Status", ["code"] = 410, ["message"] = "too old" } });
            watch.Lines.Writer.TryComplete();
        }
        else
        {
            foreach (var (_, type, at, item) in _log.Where(e => e.Version > from && IsIn(e.Path, path) && IsSelected(e.Object, query)))
                watch.Write(new JsonObject { ["type"] = type, ["object"] = item.DeepClone() });
            _watches.Add(watch);
        }

        return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new LineStream(watch.Lines.Reader)) };
    }

    private JsonObject Store(string path, JsonObject body)
    {
        body = (JsonObject)body.DeepClone();
        var metadata = (JsonObject)(body["metadata"] ??= new JsonObject());
        var before = _objects.GetValueOrDefault(path);
        var parts = path.Split('/');
        metadata["name"] = parts[^1];
        if (path.IndexOf("/namespaces/", StringComparison.Ordinal) is > 0 and var at)
            metadata["namespace"] = path[(at + 12)..].Split('/')[0];
        metadata["uid"] ??= before?["metadata"]?["uid"]?.DeepClone() ?? $"uid-{++_version}";
        metadata["creationTimestamp"] ??= before?["metadata"]?["creationTimestamp"]?.DeepClone() ?? Now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var generation = (int?)before?["metadata"]?["generation"] ?? 0;
        metadata["generation"] = generation + (before is not null && JsonNode.DeepEquals(before["spec"], body["spec"]) ? 0 : 1);
        if (before is not null)
        {
            metadata["resourceVersion"] = before["metadata"]!["resourceVersion"]!.DeepClone();
            if (JsonNode.DeepEquals(before, body))
                return before; // nothing changes, nobody is told
        }

        metadata["resourceVersion"] = $"{_version + 1}";
        _objects[path] = body;
        Tell(before is null ? "ADDED" : "MODIFIED", path, body);
        return body;
    }

    private void Tell(string type, string path, JsonObject body)
    {
        body = (JsonObject)body.DeepClone();
        body["metadata"]!["resourceVersion"] = $"{++_version}";
        _log.Add((_version, type, path, body));
        foreach (var watch in _watches.Where(w => IsIn(path, w.Path) && IsSelected(body, w.Query)))
            watch.Write(new JsonObject { ["type"] = type, ["object"] = body.DeepClone() });
        Signal();
    }

    private void Signal() => Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();

    private static bool IsIn(string path, string collection)
    {
        var plural = collection[(collection.LastIndexOf('/') + 1)..];
        var root = collection[..^(plural.Length + 1)];
        return path.StartsWith(root + "/", StringComparison.Ordinal) && path.Split('/')[^2] == plural;
    }

    private static bool IsSelected(JsonObject item, Dictionary<string, string> query)
    {
        if (query.TryGetValue("fieldSelector", out var field) && (string?)item["metadata"]!["name"] != field["metadata.name=".Length..])
            return false;
        return !query.TryGetValue("labelSelector", out var label) || (string?)item["metadata"]!["labels"]?[label.Split('=')[0]] == label.Split('=')[1];
    }

    // RFC 7396.
    private static JsonObject Merge(JsonObject? target, JsonObject patch)
    {
        var merged = (JsonObject?)target?.DeepClone() ?? [];
        foreach (var (key, value) in patch)
        {
            if (value is null)
                merged.Remove(key);
            else if (value is JsonObject part)
                merged[key] = Merge(merged[key] as JsonObject, part);
            else
                merged[key] = value.DeepClone();
        }

        return merged;
    }

    public static HttpResponseMessage Json(JsonObject body, HttpStatusCode status = HttpStatusCode.OK) =>
        new(status) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };

    public static HttpResponseMessage Fail(HttpStatusCode status, string reason) =>
        Json(new JsonObject { ["kind"] = "Status", ["code"] = (int)status, ["reason"] = reason, ["message"] = reason }, status);

    private sealed record Watch(string Path, Dictionary<string, string> Query)
    {
        public Channel<byte[]> Lines { get; } = Channel.CreateUnbounded<byte[]>();

        public void Write(JsonObject line) => Lines.Writer.TryWrite(Encoding.UTF8.GetBytes(line.ToJsonString() + "\n"));
    }
}
