using Pico.Server.Auth;

namespace Pico.Server.Upstreams.Tunnels.Http;

/// <summary>A connection that an agent has upgraded to a tunnel, before the first byte of it.</summary>
/// <param name="Token">What the agent may do.</param>
/// <param name="RemoteAddress">Where it comes from, for people.</param>
internal sealed record TunnelOffer(VerifiedToken Token, string RemoteAddress);
