namespace Pico.Server.Hosting;

/// <summary>Which port a connection came in by: a feature of the connection, by which the pipelines are kept apart.</summary>
internal sealed record ServerPort(string Name, string OptionKey)
{
    /// <summary>Clients over HTTP.</summary>
    public static readonly ServerPort Proxy = new("proxy", "proxy.bind-addr");

    /// <summary>Agents.</summary>
    public static readonly ServerPort Upstream = new("upstream", "upstream.bind-addr");

    /// <summary>Health, metrics, status.</summary>
    public static readonly ServerPort Admin = new("admin", "admin.bind-addr");

    /// <summary>Clients over TLS that is passed through.</summary>
    public static readonly ServerPort TlsPassthrough = new("tls-passthrough", "proxy.tls-passthrough-bind-addr");
}
