using Pico.Server.Auth;
using Pico.Server.Hosting.Tls;
using Pico.Server.Limits;
using Pico.Server.Observing.AccessLogs;

namespace Pico.Server.Hosting;

/// <summary>The proxy port. Time-outs of <see cref="TimeSpan.Zero"/> are switched off.</summary>
public sealed class ProxyOptions
{
    /// <summary>Where to listen, <c>[host]:port</c>; port 0 takes a free one. Default <c>:8000</c>, all addresses.</summary>
    public string BindAddress { get; set; } = ":8000";

    /// <summary>If set, the endpoint's name must be the one label before this domain in Host. Without it, the first label of any Host counts.</summary>
    public string BaseDomain { get; set; } = "";

    /// <summary>Networks (CIDR) whose <c>X-Forwarded-*</c> and <c>Forwarded</c> headers are believed and passed on. Default: none.</summary>
    public IReadOnlyList<string> TrustedProxies { get; set; } = [];

    /// <summary>Connections begin with a PROXY protocol header, v1 or v2 (from <see cref="TrustedProxies"/> if any are given). Default off.</summary>
    public bool ProxyProtocol { get; set; }

    /// <summary>How long opening a stream to the service may take, over all tries; beside an upstream that says nothing for a third of it another is tried. Default 10 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the service may take from the end of the request's head to its response's head, while the body is not being sent. Default 60 s.</summary>
    public TimeSpan ResponseHeadTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a body may stand still in both directions before the exchange is aborted. Not for upgraded connections. Default 5 minutes.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a client's connection may be idle between requests. Default 130 s (over the 120 s of common load balancers).</summary>
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(130);

    /// <summary>How long the client may take to send a request's head. Default 30 s.</summary>
    public TimeSpan RequestHeadTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an upgraded (WebSocket) or TCP stream may be silent. Default: for ever.</summary>
    public TimeSpan StreamIdleTimeout { get; set; }

    /// <summary>The greatest size of a request's head (request line and headers), in bytes. Default 32 KiB.</summary>
    public int MaxRequestHeadSize { get; set; } = 32 * 1024;

    /// <summary>The greatest size of a response's head, in bytes. Default 64 KiB.</summary>
    public int MaxResponseHeadSize { get; set; } = 64 * 1024;

    /// <summary>Where to listen for TLS connections that are routed by SNI without being decrypted; empty: nowhere.</summary>
    public string TlsPassthroughBindAddress { get; set; } = "";

    /// <summary>
    /// <see cref="TlsPassthroughBindAddress"/> may be used together with <see cref="Auth"/>: what is not decrypted bears no token, so clients of that port reach every TCP
    /// endpoint without one. Default off: the server does not start with both.
    /// </summary>
    public bool AllowUnauthenticatedTlsPassthrough { get; set; }

    /// <summary>The tokens that clients need. Default: none.</summary>
    public TokenAuthOptions Auth { get; } = new();

    /// <summary>How many connections of clients may be open; further ones get 503 <c>overloaded</c>. 0: no limit. Default 50,000.</summary>
    public int MaxConnections { get; set; } = 50_000;

    /// <summary>TLS on the port, with HTTP/2 by ALPN. Default: none.</summary>
    public TlsOptions Tls { get; } = new();

    /// <summary>The log of requests. Default: none.</summary>
    public AccessLogOptions AccessLog { get; } = new();

    /// <summary>How much clients may use.</summary>
    public ProxyLimits Limits { get; } = new();
}
