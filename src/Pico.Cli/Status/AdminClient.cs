using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pico.Agent.Dialing;
using Pico.Agent.Net;
using Pico.Cli.Settings;
using Pico.Tunnel;

namespace Pico.Cli.Status;

/// <summary>Asks a server's Admin API. What goes wrong is an <see cref="AdminException"/>.</summary>
internal sealed class AdminClient : IDisposable
{
    // A page is text about a thousand things; what is greater is none.
    private const int MaxAnswerSize = 64 * 1024 * 1024;
    private const string EventStream = "text/event-stream";

    private readonly AdminSettings _settings;
    private readonly HttpClient _http;

    public AdminClient(AdminSettings settings)
    {
        _settings = settings;
        Address = new Uri(settings.Server.TrimEnd('/') + "/");
        try
        {
            var handler = new SocketsHttpHandler { SslOptions = TlsClient.Options(Address.IdnHost, settings.ServerTls), ConnectTimeout = settings.Timeout };
            _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MaxAnswerSize };
        }
        catch (AuthenticationException e)
        {
            throw new AdminException(e.Message, inner: e);
        }
    }

    /// <summary>The admin port.</summary>
    public Uri Address { get; }

    public void Dispose() => _http.Dispose();

    /// <summary>Gives what a path answers. <paramref name="path"/> has its query; the node is added.</summary>
    public async Task<JsonNode> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(_settings.Timeout, cancellationToken);
        try
        {
            using var response = await SendAsync(HttpMethod.Get, path, accept: null, deadline.Token);
            return Parse(await response.Content.ReadAsStringAsync(deadline.Token), path);
        }
        catch (Exception e) when (Explain(e, path, deadline) is { } problem)
        {
            throw problem;
        }
    }

    /// <summary>Sets something, or nothing if <paramref name="query"/> is empty, and gives what holds then.</summary>
    public async Task<JsonNode> SetAsync(string path, string query, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(_settings.Timeout, cancellationToken);
        try
        {
            using var response = await SendAsync(query.Length > 0 ? HttpMethod.Put : HttpMethod.Get, path + query, accept: null, deadline.Token);
            return Parse(await response.Content.ReadAsStringAsync(deadline.Token), path);
        }
        catch (Exception e) when (Explain(e, path, deadline) is { } problem)
        {
            throw problem;
        }
    }

    /// <summary>Gives what a path answers, and again whenever that changes, until the server ends the stream.</summary>
    public async IAsyncEnumerable<JsonNode> FollowAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(_settings.Timeout, cancellationToken);
        using var response = await BeginAsync(path, deadline);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using var events = SseParser.Create(body).EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(events, path, deadline))
        {
            var (said, text) = (events.Current.EventType, events.Current.Data);
            if (said == "status")
                yield return Parse(text, path);
            else if (said == "problem")
                throw Refused(Problem(text), path);
        }
    }

    private async Task<HttpResponseMessage> BeginAsync(string path, Deadline deadline)
    {
        try
        {
            var response = await SendAsync(HttpMethod.Get, path, EventStream, deadline.Token);
            deadline.Pause();
            if (response.Content.Headers.ContentType?.MediaType == EventStream)
                return response;
            response.Dispose();
            throw new AdminException($"{At(path)} cannot be watched: the server is older than this pico. Leave --watch out, or use the server's own version of pico.");
        }
        catch (Exception e) when (Explain(e, path, deadline) is { } problem)
        {
            throw problem;
        }
    }

    private async Task<bool> NextAsync(IAsyncEnumerator<SseItem<string>> events, string path, Deadline deadline)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception e) when (Explain(e, path, deadline) is { } problem)
        {
            throw problem;
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? accept, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, At(path));
        // The handler takes the name that the certificate must bear from here.
        request.Headers.Host = _settings.ServerTls.ServerName.Length > 0 ? _settings.ServerTls.ServerName : null;
        if (accept is not null)
            request.Headers.Accept.ParseAdd(accept);
        if (await new TokenSource(_settings.TokenFile).ReadAsync(cancellationToken) is { Length: > 0 } token)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            var code = response.Headers.TryGetValues("x-pico-error", out var codes) ? codes.First() : "";
            throw Refused(Problem(text) with { Status = (int)response.StatusCode, Code = code }, path);
        }
    }

    private Uri At(string path)
    {
        var node = _settings.Node.Length > 0 ? (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "node=" + Uri.EscapeDataString(_settings.Node) : "";
        return new Uri(Address, path.TrimStart('/') + node);
    }

    private JsonNode Parse(string text, string path)
    {
        try
        {
            return JsonNode.Parse(text) ?? throw new JsonException();
        }
        catch (JsonException e)
        {
            throw new AdminException($"{At(path)} gave no status: is it the admin port of a Pico server?", inner: e);
        }
    }

    private static ServerProblem Problem(string text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonObject problem
                ? new((int?)problem["status"] ?? 0, (string?)problem["code"] ?? "", (string?)problem["detail"] ?? "")
                : default;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return default;
        }
    }

    private AdminException Refused(ServerProblem problem, string path)
    {
        var said = ConsoleText.Printable(problem.Detail ?? "");
        var advice = problem switch
        {
            { Status: 401, Code: "token_expired" } => "the token has expired; give another one with --token-file",
            { Status: 401 } => $"it wants another token; give --token-file{(said.Length > 0 ? $" ({said})" : "")}",
            { Code: "client_certificate_required" } => "it wants a client certificate; give --server-tls.certificate-file and --server-tls.key-file",
            { Code: "unknown_node" } => $"{said} 'pico status nodes' lists the nodes.",
            { Code: "unknown_endpoint" } => $"{said} 'pico status endpoints' lists what there is, 'pico status check' says what may be wrong.",
            { Code: "no_cluster" } or { Code.Length: > 0, Status: not 404 } => said,
            { Status: 404, Code.Length: > 0 } => "the server does not know this path: it is older than this pico. Use the server's own version of pico, for instance in its container.",
            _ => "is it the admin port of a Pico server?",
        };
        return new AdminException($"{At(path)} answered {problem.Status}: {advice}", problem.Code ?? "", mayPass: problem.Status >= 500);
    }

    private AdminException? Explain(Exception exception, string path, Deadline deadline) => exception switch
    {
        OperationCanceledException when deadline.HasPassed =>
            new($"{At(path)} did not answer within {_settings.Timeout.TotalSeconds} s. Is the server overloaded, or a firewall between? --timeout lets it take longer.", mayPass: true, inner: exception),
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } =>
            new($"{At(path)} cannot be asked: the name {Address.Host} is not known. Correct --server.", mayPass: true, inner: exception),
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => new(
            $"{At(path)} cannot be asked: {(exception.InnerException ?? exception).Message}. Does the server run, and is this its admin port (admin.bind-addr)? In Kubernetes: kubectl port-forward service/pico-admin 8003",
            mayPass: true, inner: exception),
        HttpRequestException or IOException =>
            new($"{At(path)} cannot be asked: {(exception.InnerException ?? exception).Message}", mayPass: exception.InnerException is not AuthenticationException, inner: exception),
        AuthenticationException or TunnelException => new(exception.Message, inner: exception),
        _ => null,
    };

    private readonly record struct ServerProblem(int Status, string Code, string Detail);

    /// <summary>Ends a question after its time, or when the verb is to stop, and knows which.</summary>
    private sealed class Deadline : IDisposable
    {
        private readonly CancellationTokenSource _timeout;
        private readonly CancellationTokenSource _either;

        public Deadline(TimeSpan timeout, CancellationToken stop)
        {
            _timeout = new CancellationTokenSource(timeout, TimeProvider.System);
            _either = CancellationTokenSource.CreateLinkedTokenSource(_timeout.Token, stop);
        }

        public CancellationToken Token => _either.Token;

        public bool HasPassed => _timeout.IsCancellationRequested;

        public void Pause() => _timeout.CancelAfter(Timeout.InfiniteTimeSpan);

        public void Dispose()
        {
            _either.Dispose();
            _timeout.Dispose();
        }
    }
}
