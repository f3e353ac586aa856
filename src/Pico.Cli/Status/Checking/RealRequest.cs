using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pico.Agent.Dialing;
using Pico.Agent.Net;
using Pico.Cli.Settings;
using Pico.Tunnel;

namespace Pico.Cli.Status.Checking;

/// <summary>
/// The last step. (1) A name that is no endpoint's shows that this is a proxy port: another port, or another server, would answer something too. (2) A real request: who answers, and what,
/// tells which part of the way it did not pass.
/// </summary>
internal sealed class RealRequest(StatusCheckSettings settings, TimeProvider time)
{
    private const int MaxProblem = 64 * 1024;
    private const string Service = "service";
    private const string NoEndpoint = "-";

    private static readonly string[] CodesOfADoor = ["invalid_endpoint", "unauthorized", "token_expired", "endpoint_not_permitted", "overloaded", "rate_limited"];

    public async Task<Finding> SendAsync(CancellationToken cancellationToken)
    {
        var address = new Uri(settings.Proxy.TrimEnd('/') + settings.Path);
        using var timeout = new CancellationTokenSource(settings.Admin.Timeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false };
            if (address.Scheme == Uri.UriSchemeHttps)
                handler.SslOptions = TlsClient.Options(address.IdnHost, settings.Admin.ServerTls);
            using var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MaxProblem };
            var token = await new TokenSource(settings.ClientTokenFile).ReadAsync(deadline.Token);
            using (var door = await GetAsync(client, address, NoEndpoint, token, deadline.Token)) // 1.
            {
                if (!CodesOfADoor.Contains(CodeOf(door)))
                    return Explain("not_found", $"port {address.Port} answered {(int)door.StatusCode} where a proxy port of Pico says invalid_endpoint", "");
            }

            var start = time.GetTimestamp();
            using var response = await GetAsync(client, address, settings.Id, token, deadline.Token); // 2.
            var took = ConsoleText.Figure(time.GetElapsedTime(start).TotalMilliseconds);
            if (CodeOf(response) is { Length: > 0 } code)
                return Explain(code, $"GET {settings.Path} got {(int)response.StatusCode} {code}", Detail(await response.Content.ReadAsStringAsync(deadline.Token)));
            var answered = $"GET {settings.Path} got {(int)response.StatusCode} after {took} ms";
            return (int)response.StatusCode < 500 ? Finding.Good(Service, answered) : Finding.Doubtful(Service, $"{answered}, from the service itself", "The whole way works; the service's own log says what is wrong with it.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Finding.Broken(Service, $"GET {settings.Path} got no answer within {settings.Admin.Timeout.TotalSeconds} s", "The service took the request and does not answer: see its log. --timeout waits longer, --path asks for something else.");
        }
        catch (HttpRequestException e)
        {
            return Finding.Broken("proxy port", $"GET {settings.Path} broke off: {(e.InnerException ?? e).Message}", "See that --proxy is the proxy port (proxy.bind-addr), and http:// or https:// as it speaks.");
        }
        catch (TunnelException e)
        {
            return Finding.Broken("token", e.Message, "Correct --client-token-file.");
        }
    }

    private static async Task<HttpResponseMessage> GetAsync(HttpClient client, Uri address, string endpoint, string token, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { { "x-pico-endpoint", endpoint } } };
        if (token.Length > 0)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    private static string CodeOf(HttpResponseMessage response) => response.Headers.TryGetValues("x-pico-error", out var codes) ? codes.First() : "";

    private static string Detail(string body)
    {
        try
        {
            return JsonNode.Parse(body) is JsonObject problem ? (string?)problem["detail"] ?? "" : "";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "";
        }
    }

    private static Finding Explain(string code, string what, string detail)
    {
        var said = detail.Length > 0 ? detail : "docs/runbook.md explains the code.";
        return code switch
        {
            "unauthorized" => Finding.Broken("token", what, $"Give a client's token with --client-token-file. {said}"),
            "token_expired" => Finding.Broken("token", what, "The client's token has expired: get another one."),
            "endpoint_not_permitted" => Finding.Broken("permission", what, said),
            "protocol_mismatch" or "upstream_protocol_error" => Finding.Broken("protocol", what, said),
            "no_available_upstreams" => Finding.Broken("tunnel", what, said),
            "upstream_unreachable" or "upstream_timeout" => Finding.Broken(Service, what, said),
            "overloaded" or "rate_limited" => Finding.Broken("limits", what, said),
            "not_found" or "invalid_query" => Finding.Broken("proxy port", what, "--proxy is another port of the server: give the one of proxy.bind-addr."),
            _ => Finding.Broken("proxy port", what, said),
        };
    }
}
