using Pico.Agent.Commands;
using Pico.Agent.Commands.Logs;
using Pico.Agent.Endpoints;
using Pico.Configuration.Definitions;
using Pico.Configuration.Types;
using Pico.Tunnel.Protocol;

namespace Pico.Cli.Settings;

/// <summary>Everything that can be set on <c>pico check</c>.</summary>
internal sealed class CheckSettings
{
    private const int MostRequests = 10_000;

    public static OptionSet<CheckSettings> Definitions { get; } = new OptionSet<CheckSettings>()
        .Add(
            "server", SharedOptions.Server, s => s.Server, (s, v) => s.Server = v,
            "The servers' upstream port, where the agent of the check connects.")
        .Add(
            "proxy", OptionTypes.Url("http", "https"), s => s.Proxy, (s, v) => s.Proxy = v,
            "The servers' proxy port, where the requests of the check are sent.")
        .AddServerTls(s => s.ServerTls, (s, v) => s.ServerTls = v, s => [s.Server, new Uri(s.Proxy)], "wss:// or https://")
        .Add(
            "endpoint", OptionTypes.Matching("endpoint", EndpointId.Rule, t => EndpointId.IsValid(t)), s => s.Endpoint, (s, v) => s.Endpoint = v,
            "The endpoint that the check serves; nobody else should.")
        .Add("token-file", OptionTypes.ExistingFile, s => s.TokenFile, (s, v) => s.TokenFile = v, "A file with the agent's credential.")
        .Add("client-token-file", OptionTypes.ExistingFile, s => s.ClientTokenFile, (s, v) => s.ClientTokenFile = v, "A file with the client's credential.")
        .Add(
            "requests", OptionTypes.Number(1, MostRequests), s => s.Requests, (s, v) => s.Requests = v,
            "How many requests must succeed, one after the other, each on a connection of its own, so that they reach several servers.")
        .Add(
            "timeout", OptionTypes.Duration(TimeSpan.FromSeconds(1)), s => s.Timeout, (s, v) => s.Timeout = v,
            "How long all of it may take.")
        .Include(LogOptions.Definitions, s => s.Log);

    public Uri Server { get; set; } = new("ws://localhost:8001");

    public string Proxy { get; set; } = "http://localhost:8000";

    public TlsSettings ServerTls { get; set; } = TlsSettings.Default;

    public string Endpoint { get; set; } = "pico-check";

    public string TokenFile { get; set; } = "";

    public string ClientTokenFile { get; set; } = "";

    public int Requests { get; set; } = 10;

    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The check says itself what happens; what the agent is refused, its log says.</summary>
    public LogOptions Log { get; } = new() { Level = Microsoft.Extensions.Logging.LogLevel.Warning };
}
