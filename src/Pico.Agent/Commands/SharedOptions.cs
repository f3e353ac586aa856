using Pico.Agent.Dialing;
using Pico.Agent.Endpoints;
using Pico.Configuration.Definitions;
using Pico.Configuration.Types;

namespace Pico.Agent.Commands;

/// <summary>Options that agent and forward have alike: how a server is reached.</summary>
internal static class SharedOptions
{
    /// <summary>A server's URL (<see cref="ServerUrl"/>).</summary>
    public static OptionType<Uri> Server { get; } = OptionTypes.Parsed(
        "url", "a URL ws://host:port, wss://host:port, http://host:port or https://host:port, without user name, query or fragment",
        text => ServerUrl.TryParse(text, out var url, out _) ? url : null, url => url.ToString().TrimEnd('/'));

    /// <summary>A file that need not exist yet.</summary>
    public static OptionType<string> File { get; } = OptionTypes.Matching("file", "the path of a file", t => t.Length > 0 && !t.Contains('\0', StringComparison.Ordinal));

    /// <summary>Adds how the server's certificate is checked.</summary>
    public static OptionSet<T> AddServerTls<T>(this OptionSet<T> options, Func<T, TlsSettings> get, Action<T, TlsSettings> set)
        where T : class, new() => options
        .Add(
            "server-tls.ca-file", OptionTypes.ExistingFile, o => get(o).CaFile, (o, v) => set(o, get(o) with { CaFile = v }),
            "A PEM file with the authorities to trust for wss:// servers, instead of the system's. Read at every connect.")
        .Add(
            "server-tls.server-name", OptionTypes.Matching("name", "a host name", t => Uri.CheckHostName(t) != UriHostNameType.Unknown),
            o => get(o).ServerName, (o, v) => set(o, get(o) with { ServerName = v }),
            "The name that the server's certificate must bear and that is sent as SNI, if it is not the host that is dialled.")
        .Add(
            "server-tls.insecure", OptionTypes.Switch, o => get(o).Insecure, (o, v) => set(o, get(o) with { Insecure = v }),
            "Take any certificate: traffic is encrypted, but the server may be anyone. For tests only.");
}
