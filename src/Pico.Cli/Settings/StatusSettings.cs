using Pico.Agent.Commands;
using Pico.Agent.Endpoints;
using Pico.Configuration.Definitions;
using Pico.Configuration.Types;

namespace Pico.Cli.Settings;

/// <summary>What <c>pico status</c> shows.</summary>
internal enum StatusSection
{
    All,
    Nodes,
    Endpoints,
    Upstreams,
}

/// <summary>Everything that can be set on <c>pico status</c>.</summary>
internal sealed class StatusSettings
{
    public static OptionType<StatusSection> Sections { get; } = OptionTypes.Choice<StatusSection>(
        ("nodes", StatusSection.Nodes), ("endpoints", StatusSection.Endpoints), ("upstreams", StatusSection.Upstreams), ("all", StatusSection.All));

    public static OptionSet<StatusSettings> Definitions { get; } = new OptionSet<StatusSettings>()
        .Add("server", OptionTypes.Url("http", "https"), s => s.Server, (s, v) => s.Server = v, "The server's admin port.")
        .AddServerTls(s => s.ServerTls, (s, v) => s.ServerTls = v, s => [new Uri(s.Server)], "https://")
        .Add("token-file", OptionTypes.ExistingFile, s => s.TokenFile, (s, v) => s.TokenFile = v, "A file with the credential for the server.")
        .Add(
            "output", OptionTypes.Choice<bool>(("table", false), ("json", true)), s => s.Json, (s, v) => s.Json = v,
            "Tables for people, or JSON for programs.")
        .Add(
            "timeout", OptionTypes.Duration(TimeSpan.FromMilliseconds(10)), s => s.Timeout, (s, v) => s.Timeout = v,
            "How long the server may take to answer.");

    public StatusSection Section { get; set; }

    public string Server { get; set; } = "http://localhost:8003";

    public TlsSettings ServerTls { get; set; } = TlsSettings.Default;

    public string TokenFile { get; set; } = "";

    public bool Json { get; set; }

    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);
}
