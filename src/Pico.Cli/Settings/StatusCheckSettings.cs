using Pico.Agent.Commands;
using Pico.Configuration.Definitions;
using Pico.Configuration.Types;
using Pico.Tunnel.Protocol;

namespace Pico.Cli.Settings;

/// <summary>Everything that can be set on <c>pico status check</c>.</summary>
internal sealed class StatusCheckSettings
{
    public static OptionType<string> Endpoint { get; } = OptionTypes.Matching("endpoint", EndpointId.Rule, t => EndpointId.IsValid(t));

    /// <summary>What a service is asked for.</summary>
    public static OptionType<string> PathType { get; } = OptionTypes.Matching("path", "a path that begins with /", t => t.StartsWith('/') && !t.Any(char.IsControl));

    public static OptionSet<StatusCheckSettings> Definitions { get; } = new OptionSet<StatusCheckSettings>()
        .Add("proxy", OptionTypes.Url("http", "https"), s => s.Proxy, (s, v) => s.Proxy = v, "The server's proxy port, as clients reach it.")
        .Include(AdminSettings.Definitions, s => s.Admin)
        .AddServerTls(s => s.Admin.ServerTls, (s, v) => s.Admin.ServerTls = v, s => [new Uri(s.Admin.Server), new Uri(s.Proxy)], "https://")
        .Add("client-token-file", OptionTypes.ExistingFile, s => s.ClientTokenFile, (s, v) => s.ClientTokenFile = v, "A file with the client's credential, for the proxy port.")
        .Add(
            "path", PathType, s => s.Path, (s, v) => s.Path = v,
            "What the service is asked for, by GET: something that changes nothing there.");

    /// <summary>The endpoint.</summary>
    public string Id { get; set; } = "";

    public string Proxy { get; set; } = "http://localhost:8000";

    public AdminSettings Admin { get; } = new();

    public string ClientTokenFile { get; set; } = "";

    public string Path { get; set; } = "/";
}
