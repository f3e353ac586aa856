using System.Net.Http.Headers;
using System.Security.Authentication;
using Pico.Agent;
using Pico.Agent.Commands.Logs;
using Pico.Agent.Dialing;
using Pico.Agent.Endpoints;
using Pico.Agent.Net;
using Pico.Cli.Demo;
using Pico.Cli.Settings;
using Pico.Configuration.Commands;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Cli.Verbs;

/// <summary>
/// <c>pico check</c>: the whole way, client to server to agent to service and back. (1) A small service and (2) an agent for it are started here; (3) requests are sent through the proxy port
/// until as many in a row as asked for came back with what only that service can know.
/// </summary>
internal static class CheckVerb
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(5);

    public static Verb Create() => new Verb<CheckSettings>(
        new VerbText
        {
            Name = "check",
            Summary = "Check that requests pass through a running Pico: serve an endpoint from here, and call it.",
            Details =
                "Starts a small service and an agent for it, as any user of the servers would, and sends requests through their proxy port until enough in a row have come back from the service. "
                + "Each uses a connection of its own, so that behind a load balancer several servers are met. Nothing of it stays.",
            Examples =
            [
                ("The server on this machine", "pico check"),
                ("A cluster, with a credential", "pico check --server wss://tunnel.example.com --proxy https://pico.example.com --token-file token --endpoint my-check"),
            ],
            Docs = "docs/kubernetes.md",
        },
        CheckSettings.Definitions,
        RunAsync);

    private static async Task<int> RunAsync(CheckSettings settings, VerbContext context)
    {
        using var loggers = Logging.Start(settings.Log, context.Effective);
        await using var service = await DemoService.StartAsync(context.Stopping); // 1.
        await using var agent = new PicoAgent(Serve(settings, service.Port), loggers, TimeProvider.System); // 2.
        using var stopAgent = CancellationTokenSource.CreateLinkedTokenSource(context.Stopping);
        using var timeout = new CancellationTokenSource(settings.Timeout, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, context.Stopping);
        var running = agent.RunAsync(stopAgent.Token);
        var last = new LastAnswer();
        try
        {
            await SendAllAsync(settings, last, either.Token); // 3.
            await context.Out.WriteLineAsync(
                $"{settings.Requests} requests to the endpoint {settings.Endpoint} came back through {settings.Proxy}: {settings.Server} and {settings.Proxy} work.");
            return ExitCode.Clean;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            return context.Fail($"{settings.Proxy} did not pass {settings.Requests} requests in a row to {settings.Endpoint} within {settings.Timeout.TotalSeconds} s. Last: {last.Text}");
        }
        catch (Exception e) when (e is AuthenticationException or TunnelException)
        {
            return context.Fail(e.Message);
        }
        finally
        {
            await stopAgent.CancelAsync();
            await running;
        }
    }

    private static AgentOptions Serve(CheckSettings settings, int port) => new()
    {
        Endpoints = [new EndpointSpec { Id = settings.Endpoint, Protocol = EndpointProtocol.Http, Host = "127.0.0.1", Port = port }],
        Servers = [settings.Server],
        ServerTls = settings.Server.Scheme is "wss" or "https" ? settings.ServerTls : TlsSettings.Default,
        TokenFile = settings.TokenFile,
        GracePeriod = TimeSpan.FromSeconds(5),
    };

    private static async Task SendAllAsync(CheckSettings settings, LastAnswer last, CancellationToken stop)
    {
        for (var good = 0; good < settings.Requests;)
        {
            if (await SendAsync(settings, last, stop))
            {
                good++;
                continue;
            }

            // Until the agent is registered, and every server knows of it.
            good = 0;
            await Task.Delay(Pause, TimeProvider.System, stop);
        }
    }

    private static async Task<bool> SendAsync(CheckSettings settings, LastAnswer last, CancellationToken stop)
    {
        var path = $"/check/{Guid.NewGuid():N}";
        var address = new Uri(settings.Proxy.TrimEnd('/') + path);
        using var handler = new SocketsHttpHandler();
        if (address.Scheme == Uri.UriSchemeHttps)
            handler.SslOptions = TlsClient.Options(address.IdnHost, settings.ServerTls);
        using var client = new HttpClient(handler) { Timeout = RequestTimeout };
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Add("x-pico-endpoint", settings.Endpoint);
        if (await new TokenSource(settings.ClientTokenFile).ReadAsync(stop) is { Length: > 0 } token)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            using var response = await client.SendAsync(request, stop);
            var body = await response.Content.ReadAsStringAsync(stop);
            if (response.IsSuccessStatusCode && body.Contains(path, StringComparison.Ordinal))
                return true;
            last.Text = $"{(int)response.StatusCode} {body.Trim()}";
        }
        catch (HttpRequestException e)
        {
            last.Text = (e.InnerException ?? e).Message;
        }
        catch (TaskCanceledException e) when (e.InnerException is TimeoutException)
        {
            last.Text = $"no answer within {RequestTimeout.TotalSeconds} s";
        }

        return false;
    }

    private sealed class LastAnswer
    {
        public string Text { get; set; } = "no answer yet";
    }
}
