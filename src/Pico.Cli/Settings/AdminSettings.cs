using Pico.Agent.Endpoints;
using Pico.Configuration.Definitions;
using Pico.Configuration.Types;

namespace Pico.Cli.Settings;

/// <summary>How a server's admin port is asked.</summary>
internal sealed class AdminSettings
{
    /// <summary>What a change needs, which is the asked server's own.</summary>
    public static OptionSet<AdminSettings> OfServer { get; } = new OptionSet<AdminSettings>()
        .Add("server", OptionTypes.Url("http", "https"), s => s.Server, (s, v) => s.Server = v, "The server's admin port.")
        .Add("token-file", OptionTypes.ExistingFile, s => s.TokenFile, (s, v) => s.TokenFile = v, "A file with the credential for the server.")
        .Add(
            "timeout", OptionTypes.Duration(TimeSpan.FromMilliseconds(10)), s => s.Timeout, (s, v) => s.Timeout = v,
            "How long the server may take for an answer.");

    /// <summary>All but TLS, which each verb may use for other ports too.</summary>
    public static OptionSet<AdminSettings> Definitions { get; } = new OptionSet<AdminSettings>()
        .Include(OfServer, s => s)
        .Add("node", TokenAuthSettings.AnyText, s => s.Node, (s, v) => s.Node = v, "The node whose view it is, if not that of the server: the server asks it.");

    public string Server { get; set; } = "http://localhost:8003";

    public TlsSettings ServerTls { get; set; } = TlsSettings.Default;

    public string TokenFile { get; set; } = "";

    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    public string Node { get; set; } = "";
}
