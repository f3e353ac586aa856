using System.Net.Sockets;
using Pico.Agent.Commands.Logs;
using Pico.Agent.Forward;
using Pico.Configuration.Commands;
using Pico.Configuration.Types;
using Pico.Tunnel.Protocol;

namespace Pico.Agent.Commands;

/// <summary><c>forward</c>: a local port that leads to a TCP endpoint.</summary>
public static class ForwardVerb
{
    private static readonly OptionType<string> Endpoint = OptionTypes.Matching("endpoint", EndpointId.Rule, t => EndpointId.IsValid(t));

    /// <summary>Makes the verb for <paramref name="program"/>.</summary>
    public static Verb Create(string program) => new Verb<ForwardSettings>(
        new VerbText
        {
            Name = "forward",
            Summary = "Listen on a local port and carry connections to a TCP endpoint.",
            Details =
                "Listens on a local port and carries every connection to a TCP endpoint, through the proxy port of a Pico server: to a database, a broker, SSH, "
                + "anything that an agent serves as tcp://. Both directions end by themselves (half-close). SIGTERM or Ctrl-C lets open connections finish.",
            Examples =
            [
                ("psql -h localhost reaches the endpoint db", $"{program} forward 5432 db --server ws://pico.example.com:8000"),
                ("For everybody who reaches this machine, through TLS with a credential", $"{program} forward 0.0.0.0:6379 cache --server wss://pico.example.com --token-file /run/secrets/pico"),
            ],
            Docs = "docs/overview.md, docs/configuration.md",
        },
        ForwardSettings.Definitions,
        RunAsync)
        .Argument("port", ForwardSettings.Listen, s => s.Forwarder.Listen, (s, v) => s.Forwarder.Listen = v, "Where to listen: a port on loopback, or host:port.")
        .Argument("endpoint", Endpoint, s => s.Forwarder.EndpointId, (s, v) => s.Forwarder.EndpointId = v, "The TCP endpoint that connections go to.");

    private static async Task<int> RunAsync(ForwardSettings settings, VerbContext context)
    {
        using var loggers = Logging.Start(settings.Log, context.Effective);
        PortForwarder forwarder;
        try
        {
            forwarder = new PortForwarder(settings.Forwarder, loggers, TimeProvider.System);
        }
        catch (AgentConfigurationException e)
        {
            return context.Fail(e.Message, ExitCode.Usage);
        }
        catch (SocketException e)
        {
            return context.Fail($"cannot listen on {settings.Forwarder.Listen}: {e.Message}");
        }

        await using (forwarder)
            await forwarder.RunAsync(context.Stopping);
        return ExitCode.Clean;
    }
}
