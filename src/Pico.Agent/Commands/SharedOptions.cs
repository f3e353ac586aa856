using Pico.Agent.Dialing;
using Pico.Agent.Endpoints;
using Pico.Configuration.Definitions;
using Pico.Configuration.Types;

namespace Pico.Agent.Commands;

/// <summary>Options that verbs have alike: how a server is reached.</summary>
public static class SharedOptions
{
    /// <summary>A server's URL (<see cref="ServerUrl"/>).</summary>
    public static OptionType<Uri> Server { get; } = OptionTypes.Parsed(
        "url", "a URL ws://host:port, wss://host:port, http://host:port or https://host:port, without user name, query or fragment",
        text => ServerUrl.TryParse(text, out var url, out _) ? url : null, url => url.ToString().TrimEnd('/'));

    /// <summary>A file that need not exist yet.</summary>
    public static OptionType<string> File { get; } = OptionTypes.Matching("file", "the path of a file", t => t.Length > 0 && !t.Contains('\0', StringComparison.Ordinal));

    /// <summary>Adds TLS with the servers that <paramref name="servers"/> gives; <paramref name="schemes"/> says which of their URLs mean TLS.</summary>
    public static OptionSet<T> AddServerTls<T>(
        this OptionSet<T> options, Func<T, TlsSettings> get, Action<T, TlsSettings> set, Func<T, IEnumerable<Uri>> servers, string schemes = "wss://", OptionType<string>? caFile = null)
        where T : class, new() => options
        .Add(
            "server-tls.ca-file", caFile ?? OptionTypes.ExistingFile, o => get(o).CaFile, (o, v) => set(o, get(o) with { CaFile = v }),
            $"A PEM file with the authorities to trust for {schemes} servers, instead of the system's. Read at every connect.")
        .Add(
            "server-tls.certificate-file", OptionTypes.ExistingFile, o => get(o).CertificateFile, (o, v) => set(o, get(o) with { CertificateFile = v }),
            "A PEM file with the certificate to show to servers that ask for one, followed by intermediate ones. Read at every connect.")
        .Add(
            "server-tls.key-file", OptionTypes.ExistingFile, o => get(o).KeyFile, (o, v) => set(o, get(o) with { KeyFile = v }),
            "The private key (PEM) of that certificate. Read at every connect.")
        .Add(
            "server-tls.server-name", OptionTypes.Matching("name", "a host name", t => Uri.CheckHostName(t) != UriHostNameType.Unknown),
            o => get(o).ServerName, (o, v) => set(o, get(o) with { ServerName = v }),
            "The name that the server's certificate must bear and that is sent as SNI, if it is not the host that is dialled.")
        .Add(
            "server-tls.insecure", OptionTypes.Switch, o => get(o).Insecure, (o, v) => set(o, get(o) with { Insecure = v }),
            "Take any certificate: traffic is encrypted, but the server may be anyone. For tests only.")
        .Rule("server-tls.certificate-file", o => get(o).Problem)
        .Rule(
            "server", o => get(o) != TlsSettings.Default && !servers(o).Any(s => s.Scheme is "wss" or "https")
                ? $"no server begins with {schemes}, so nothing of server-tls would be used" : null);

    /// <summary>Adds the HTTP proxy on the way to the servers.</summary>
    public static OptionSet<T> AddHttpProxy<T>(this OptionSet<T> options, Func<T, HttpProxySettings> get, Action<T, HttpProxySettings> set)
        where T : class, new() => options
        .Add(
            "http-proxy", OptionTypes.Matching("url", "a URL http://[user:password@]host:port or https://…, or none", HttpProxySettings.IsValid),
            o => get(o).Url, (o, v) => set(o, get(o) with { Url = v }),
            "The HTTP proxy (CONNECT) through which servers are reached, whatever NO_PROXY says; none for no proxy. The password is never shown.",
            secret: true, defaultText: "what HTTPS_PROXY (for wss://), HTTP_PROXY (for ws://), ALL_PROXY and NO_PROXY say")
        .Add(
            "http-proxy-ca-file", OptionTypes.ExistingFile, o => get(o).CaFile, (o, v) => set(o, get(o) with { CaFile = v }),
            "A PEM file with the authorities to trust for an https:// proxy, instead of the system's. Read at every connect.");

    /// <summary>Adds the credential for the server, as text or in a <paramref name="file"/>; <paramref name="fileIs"/> says when that is read.</summary>
    public static OptionSet<T> AddToken<T>(
        this OptionSet<T> options, Func<T, string> get, Action<T, string> set, Func<T, string> getFile, Action<T, string> setFile,
        OptionType<string> file, string fileIs)
        where T : class, new() => options
        .Add(
            "token", OptionTypes.Matching("token", "visible ASCII without spaces, at most 16 KiB", TokenSource.IsToken), get, set,
            "The credential (a JWT) for the server. Others on the machine can see a program's arguments: rather give token-file, or this as an environment variable.",
            secret: true)
        .Add("token-file", file, getFile, setFile, $"A file with the credential for the server. {fileIs}")
        .Rule("token", o => get(o).Length > 0 && getFile(o).Length > 0 ? "given together with token-file; give one of them" : null);
}
