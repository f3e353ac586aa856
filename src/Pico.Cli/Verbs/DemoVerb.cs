using System.Net;
using Pico.Agent;
using Pico.Agent.Commands.Logs;
using Pico.Agent.Endpoints;
using Pico.Cli.Demo;
using Pico.Cli.Settings;
using Pico.Configuration.Commands;
using Pico.Server.Hosting;
using Pico.Tunnel.Protocol;

namespace Pico.Cli.Verbs;

/// <summary><c>pico demo</c>: server, agent and a small service in one process, on loopback.</summary>
internal static class DemoVerb
{
    private const string EndpointId = "demo";

    public static Verb Create() => new Verb<DemoSettings>(
        new VerbText
        {
            Name = "demo",
            Summary = "Try it out: a server, an agent and a small service on this machine.",
            Details =
                "Starts a server, an agent and a small service in one process, on loopback, sends a request through the tunnel and shows it. The service is "
                + "the endpoint demo. It stays up until Ctrl-C.",
            Examples =
            [
                ("On the default ports", "pico demo"),
                ("Then, in another terminal", "curl -H \"x-pico-endpoint: demo\" localhost:8000"),
                ("When port 8000 is taken", "pico demo --proxy.bind-addr localhost:9000"),
            ],
            Docs = "README.md, docs/overview.md",
        },
        DemoSettings.Definitions,
        RunAsync);

    private static async Task<int> RunAsync(DemoSettings settings, VerbContext context)
    {
        using var loggers = Logging.Start(settings.Log, context.Effective);
        try
        {
            await using var server = new PicoServer(settings.Server, loggers, TimeProvider.System);
            await server.StartAsync(context.Stopping);
            await using var service = await DemoService.StartAsync(context.Stopping);
            await using var agent = new PicoAgent(Serve(service.Port, server.UpstreamAddress), loggers, TimeProvider.System);
            await context.Out.WriteLineAsync(
                $"server   clients {server.ProxyAddress}, agents {server.UpstreamAddress}, admin {server.AdminAddress}\nservice  127.0.0.1:{service.Port}\nagent    serves the endpoint {EndpointId}\n");
            using var stopAgent = CancellationTokenSource.CreateLinkedTokenSource(context.Stopping);
            var running = agent.RunAsync(stopAgent.Token);
            try
            {
                await agent.WhenReady.WaitAsync(context.Stopping);
                await SendAsync(server.ProxyAddress, context);
                await context.WaitForStopAsync();
            }
            finally
            {
                // The agent leaves first, so that the server has nothing left to wait for.
                await stopAgent.CancelAsync();
                await running;
                await server.StopAsync(CancellationToken.None);
            }

            await context.Out.WriteLineAsync("Stopped.");
            return ExitCode.Clean;
        }
        catch (ServerStartException e)
        {
            return context.Fail(e.Message);
        }
    }

    private static AgentOptions Serve(int port, IPEndPoint server) => new()
    {
        Endpoints = [new EndpointSpec { Id = EndpointId, Protocol = EndpointProtocol.Http, Host = "127.0.0.1", Port = port }],
        Servers = [new Uri($"ws://{server}")],
        // There is one node.
        Connections = 1,
        GracePeriod = TimeSpan.FromSeconds(5),
    };

    private static async Task SendAsync(IPEndPoint proxy, VerbContext context)
    {
        var address = $"localhost:{proxy.Port}";
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{proxy}/hello");
        request.Headers.Add("x-pico-endpoint", EndpointId);
        using var response = await client.SendAsync(request, context.Stopping);
        var body = await response.Content.ReadAsStringAsync(context.Stopping);
        await context.Out.WriteLineAsync($"GET /hello through the tunnel: {(int)response.StatusCode} {response.ReasonPhrase}\n{body}");
        await context.Out.WriteLineAsync($"Try it:\n  curl -H \"x-pico-endpoint: {EndpointId}\" {address}\n\nCtrl-C ends it.");
    }
}
