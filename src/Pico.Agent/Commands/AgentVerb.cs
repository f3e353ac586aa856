using System.Net.Sockets;
using Pico.Agent.Commands.Logs;
using Pico.Configuration.Commands;

namespace Pico.Agent.Commands;

/// <summary><c>agent</c>: serves endpoints through tunnels to a server.</summary>
public static class AgentVerb
{
    /// <summary>Makes the verb for <paramref name="program"/>.</summary>
    public static Verb Create(string program) => new Verb<AgentSettings>(
        new VerbText
        {
            Name = "agent",
            Summary = "Run an agent: give services beside it a name on a Pico server.",
            Details =
                "Runs the agent beside services that nobody can dial. It opens outbound tunnels to a Pico server, registers endpoints there, and carries every "
                + "request for them to the service: HTTP, WebSocket, gRPC (h2c://) or any TCP protocol (tcp://). It reconnects for ever. SIGTERM or Ctrl-C "
                + "drains: the endpoints are withdrawn, requests in flight may finish.",
            Examples =
            [
                ("Requests for the endpoint my-endpoint go to port 4000 on this machine", $"{program} agent --endpoints my-endpoint/localhost:4000 --server ws://pico.example.com:8001"),
                ("Several endpoints: HTTP with a health check, gRPC, PostgreSQL", $"{program} agent --endpoints 'orders/http://localhost:4000?health=/ready,rpc/h2c://localhost:5000,db/tcp://localhost:5432'"),
                ("With a credential from a file, through TLS", $"{program} agent --endpoints orders/4000 --server wss://pico.example.com --token-file /run/secrets/pico"),
                ("Through a corporate proxy, with a client certificate", $"{program} agent --endpoints orders/4000 --server wss://pico.example.com --http-proxy http://proxy.corp.example:3128 --server-tls.certificate-file me.pem --server-tls.key-file me.key"),
                ("Endpoints from a file that is watched, and the agent's own port for probes", $"{program} agent --endpoints-file endpoints.yaml --bind-addr :8004"),
            ],
            Docs = "docs/overview.md, docs/configuration.md",
        },
        AgentSettings.Definitions,
        RunAsync);

    private static async Task<int> RunAsync(AgentSettings settings, VerbContext context)
    {
        using var loggers = Logging.Start(settings.Log, context.Effective);
        PicoAgent agent;
        try
        {
            agent = new PicoAgent(settings.Agent, loggers, TimeProvider.System);
        }
        catch (AgentConfigurationException e)
        {
            return context.Fail(e.Message, ExitCode.Usage);
        }
        catch (SocketException e)
        {
            return context.Fail($"cannot listen on {settings.Agent.BindAddress} (--bind-addr): {e.Message}");
        }

        using var over = new CancellationTokenSource();
        var memory = IdleMemory.WatchAsync(TimeProvider.System, over.Token);
        await using (agent)
            await agent.RunAsync(context.Stopping);
        await over.CancelAsync();
        await memory;
        return ExitCode.Clean;
    }
}
