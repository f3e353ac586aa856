using Pico.Server.Auth;
using Pico.Server.Auth.Issuers;
using Pico.Server.Auth.Ownership;
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

    /// <summary>Further issuers of agents' tokens, each with a name. Default: none.</summary>
    public IReadOnlyList<IssuerOptions> Issuers { get; set; } = [];

    /// <summary>Who may register an endpoint ID that no namespace claims, of the ServiceAccounts of this cluster. Default: everyone.</summary>
    public UnclaimedPolicy Unclaimed { get; set; }

    /// <summary>Who knows which namespace of the cluster claims which endpoint ID; it stays the owner's. Null: nobody, and tokens alone decide.</summary>
    public IEndpointClaims? Claims { get; set; }

    /// <summary>Gives the keys of the cluster that the server runs in, a JSON Web Key Set, for issuers that ask for them. Null: they have none.</summary>
    public Func<CancellationToken, Task<string>>? PlatformKeys { get; set; }
}
