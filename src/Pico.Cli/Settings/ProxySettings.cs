using Pico.Configuration.Definitions;
using Pico.Configuration.Types;
using Pico.Server.Hosting;

namespace Pico.Cli.Settings;

/// <summary>The options of the proxy port.</summary>
internal static class ProxySettings
{
    private const int MinHead = 1024;
    private const int MaxHead = 1024 * 1024;

    public static OptionSet<ProxyOptions> Definitions { get; } = new OptionSet<ProxyOptions>()
        .Add(
            "proxy.bind-addr", OptionTypes.Address, o => o.BindAddress, (o, v) => o.BindAddress = v,
            "Where clients connect: HTTP/1.1, HTTP/2, WebSocket, gRPC, and pico forward.")
        .Add(
            "proxy.tls-passthrough-bind-addr", OptionTypes.OptionalAddress, o => o.TlsPassthroughBindAddress, (o, v) => o.TlsPassthroughBindAddress = v,
            "Where TLS connections are routed by their server name (SNI) to TCP endpoints, without being decrypted. Without it: nowhere.")
        .Add(
            "proxy.allow-unauthenticated-tls-passthrough", OptionTypes.Switch,
            o => o.AllowUnauthenticatedTlsPassthrough, (o, v) => o.AllowUnauthenticatedTlsPassthrough = v,
            "Let the TLS passthrough port run although proxy.auth asks clients for tokens. Whoever reaches it reaches every TCP endpoint without one.")
        .Add(
            "proxy.base-domain", OptionTypes.Matching("domain", "a domain name such as example.com", _ => true), o => o.BaseDomain, (o, v) => o.BaseDomain = v,
            "If set, the endpoint is the one label before this domain in Host. Without it, the first label of any Host. The header x-pico-endpoint comes first.")
        .Add(
            "proxy.trusted-proxies", OptionTypes.List(OptionTypes.Network), o => o.TrustedProxies, (o, v) => o.TrustedProxies = v,
            "Networks whose X-Forwarded-* and Forwarded headers are believed and passed on. Everybody else's are replaced.")
        .Add(
            "proxy.proxy-protocol", OptionTypes.Switch, o => o.ProxyProtocol, (o, v) => o.ProxyProtocol = v,
            "Connections begin with a PROXY protocol header, v1 or v2 (from the trusted proxies, if any are given).")
        .Add(
            "proxy.connect-timeout", OptionTypes.Duration(TimeSpan.Zero, zero: "no limit"), o => o.ConnectTimeout, (o, v) => o.ConnectTimeout = v,
            "How long opening a stream to the service may take, over all tries; beside an upstream that says nothing for a third of it another is tried.")
        .Add(
            "proxy.request-head-timeout", OptionTypes.Duration(TimeSpan.Zero, zero: "no limit"), o => o.RequestHeadTimeout, (o, v) => o.RequestHeadTimeout = v,
            "How long a client may take to send a request's head.")
        .Add(
            "proxy.response-head-timeout", OptionTypes.Duration(TimeSpan.Zero, zero: "no limit"), o => o.ResponseHeadTimeout, (o, v) => o.ResponseHeadTimeout = v,
            "How long the service may take to send its response's head, counted while the request's body stands still.")
        .Add(
            "proxy.idle-timeout", OptionTypes.Duration(TimeSpan.Zero, zero: "no limit"), o => o.IdleTimeout, (o, v) => o.IdleTimeout = v,
            "How long bodies may stand still in both directions before the exchange is aborted. Not for upgraded connections.")
        .Add(
            "proxy.keep-alive-timeout", OptionTypes.Duration(TimeSpan.Zero, zero: "no limit"), o => o.KeepAliveTimeout, (o, v) => o.KeepAliveTimeout = v,
            "How long a client's connection may be idle between requests; longer than a load balancer in front keeps its own.")
        .Add(
            "proxy.stream-idle-timeout", OptionTypes.Duration(TimeSpan.Zero, zero: "no limit"), o => o.StreamIdleTimeout, (o, v) => o.StreamIdleTimeout = v,
            "How long an upgraded (WebSocket) or TCP stream may be silent.")
        .Add(
            "proxy.max-request-head-size", OptionTypes.Size(MinHead, MaxHead), o => o.MaxRequestHeadSize, (o, v) => o.MaxRequestHeadSize = (int)v,
            "The greatest size of a request's head: request line and headers.")
        .Add(
            "proxy.max-response-head-size", OptionTypes.Size(MinHead, MaxHead), o => o.MaxResponseHeadSize, (o, v) => o.MaxResponseHeadSize = (int)v,
            "The greatest size of a response's head.")
        .Add(
            "proxy.max-connections", OptionTypes.Number(0, int.MaxValue), o => o.MaxConnections, (o, v) => o.MaxConnections = v,
            "How many connections of clients may be open; further ones are answered with 503 overloaded. 0: no limit.");
}
