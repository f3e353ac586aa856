using Pico.Server.Auth;
using Pico.Server.Hosting.Tls;
using Pico.Server.Limits;

namespace Pico.Server.Hosting;

/// <summary>The upstream port.</summary>
public sealed class UpstreamOptions
{
    /// <summary>Where to listen, <c>[host]:port</c>; port 0 takes a free one. Default <c>:8001</c>, all addresses.</summary>
    public string BindAddress { get; set; } = ":8001";

    /// <summary>How many tunnels may be open; further agents are sent elsewhere. 0: no limit. Default 10,000.</summary>
    public int MaxTunnels { get; set; } = 10_000;

    /// <summary>TLS on the port. Default: none.</summary>
    public TlsOptions Tls { get; } = new();

    /// <summary>How much agents may use, beyond <see cref="MaxTunnels"/>.</summary>
    public UpstreamLimits Limits { get; } = new();

    /// <summary>The tokens that agents need. Default: none.</summary>
    public TokenAuthOptions Auth { get; } = new();
}
