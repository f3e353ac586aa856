using Pico.Server.Auth;
using Pico.Server.Hosting.Tls;

namespace Pico.Server.Hosting;

/// <summary>The admin port: health, readiness, metrics, status.</summary>
public sealed class AdminOptions
{
    /// <summary>Where to listen, <c>[host]:port</c>; port 0 takes a free one. Default <c>:8003</c>, all addresses.</summary>
    public string BindAddress { get; set; } = ":8003";

    /// <summary>TLS on the port. A client certificate that is required is asked for by path: probes need none. Default: none.</summary>
    public TlsOptions Tls { get; } = new();

    /// <summary>The tokens that operators (probes need none) need. Default: none.</summary>
    public TokenAuthOptions Auth { get; } = new();

    /// <summary>Lets operators change what is logged, while the server runs; it stays the owner's. Null: nobody can.</summary>
    public ILogLevels? LogLevels { get; set; }
}
