using Pico.Server.Proxy.Forwarded;

namespace Pico.Server.Limits;

/// <summary>
/// Who is limited for what comes on a connection: a feature of the connection. Its peer, or, behind a trusted proxy, whoever that names for each request.
/// </summary>
/// <param name="Load">The peer's load, rented for as long as the connection lasts; null if the peer is not limited.</param>
/// <param name="Proxies">The trusted proxies, if the peer is one of them; else null.</param>
internal sealed record ConnectionClient(KeyedLoad? Load, TrustedNetworks? Proxies);
