using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Text.Json;
using Pico.Agent.Dialing;
using Pico.Agent.Net;
using Pico.Cli.Settings;
using Pico.Cli.Status;
using Pico.Configuration.Commands;
using Pico.Server.Admin.Status;
using Pico.Tunnel;

namespace Pico.Cli.Verbs;

/// <summary><c>pico status</c>: what a server knows, from its admin port.</summary>
internal static class StatusVerb
{
    // A status is text about endpoints and tunnels; what is greater than this is none.
    private const int MaxAnswerSize = 64 * 1024 * 1024;

    public static Verb Create() => new Verb<StatusSettings>(
        new VerbText
        {
            Name = "status",
            Summary = "Show the nodes, endpoints and upstreams that a server knows.",
            Details = "Asks a server's admin port for its nodes, endpoints and upstreams, and prints them as tables or as JSON.",
            Examples =
            [
                ("Everything that the server on this machine knows", "pico status"),
                ("Who serves which endpoint?", "pico status upstreams --server http://pico.example.com:8003"),
                ("Through TLS, with a certificate and a token", "pico status --server https://pico.example.com:8003 --server-tls.ca-file ca.pem --server-tls.certificate-file me.pem --server-tls.key-file me.key --token-file token"),
                ("For programs", "pico status endpoints --output json | jq '.[].id'"),
            ],
            Docs = "docs/overview.md",
        },
        StatusSettings.Definitions,
        RunAsync)
        .Argument("what", StatusSettings.Sections, s => s.Section, (s, v) => s.Section = v, "nodes, endpoints, upstreams, or all (the default).", required: false);

    private static async Task<int> RunAsync(StatusSettings settings, VerbContext context)
    {
        var address = new Uri(settings.Server.TrimEnd('/') + "/status");
        ServerStatus? status;
        try
        {
            using var response = await AskAsync(address, settings, context.Stopping);
            if (!response.IsSuccessStatusCode)
                return context.Fail($"{address} answered {(int)response.StatusCode}: {Explain(response)}");
            status = JsonSerializer.Deserialize(await response.Content.ReadAsStringAsync(context.Stopping), StatusJson.Default.ServerStatus);
        }
        catch (TaskCanceledException e) when (e.InnerException is TimeoutException)
        {
            return context.Fail($"{address} did not answer within {settings.Timeout.TotalSeconds} s");
        }
        catch (HttpRequestException e)
        {
            return context.Fail($"{address} cannot be asked: {(e.InnerException ?? e).Message}");
        }
        catch (Exception e) when (e is AuthenticationException or TunnelException)
        {
            return context.Fail(e.Message);
        }
        catch (JsonException)
        {
            status = null;
        }

        if (status is null)
            return context.Fail($"{address} gave no status: is it the admin port of a Pico server?");
        if (settings.Json)
            StatusDocument.Write(context.Out, settings.Section, status);
        else
            StatusTables.Write(context.Out, settings.Section, status);
        return ExitCode.Clean;
    }

    private static async Task<HttpResponseMessage> AskAsync(Uri address, StatusSettings settings, CancellationToken cancellationToken)
    {
        using var handler = new SocketsHttpHandler { SslOptions = TlsClient.Options(address.IdnHost, settings.ServerTls) };
        using var client = new HttpClient(handler) { Timeout = settings.Timeout, MaxResponseContentBufferSize = MaxAnswerSize };
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        // The handler takes the name that the certificate must bear from here.
        request.Headers.Host = settings.ServerTls.ServerName.Length > 0 ? settings.ServerTls.ServerName : null;
        if (await new TokenSource(settings.TokenFile).ReadAsync(cancellationToken) is { Length: > 0 } token)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await client.SendAsync(request, cancellationToken);
    }

    private static string Explain(HttpResponseMessage response) => response.StatusCode switch
    {
        HttpStatusCode.Unauthorized => "it wants another token; give --token-file",
        HttpStatusCode.Forbidden when response.Headers.Contains("x-pico-error") => "it wants a client certificate; give --server-tls.certificate-file and --server-tls.key-file",
        _ => "is it the admin port of a Pico server?",
    };
}
