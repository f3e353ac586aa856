using System.Diagnostics.CodeAnalysis;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Upstreams;

/// <summary>The upstreams of one endpoint.</summary>
internal sealed class EndpointUpstreams
{
    /// <summary>The endpoint, in lower case.</summary>
    public string EndpointId => throw new NotImplementedException();

    /// <summary>What the endpoint's services speak (that of the registration that came first; another protocol is refused).</summary>
    public EndpointProtocol Protocol => throw new NotImplementedException();

    /// <summary>
    /// Chooses the upstream with the least outstanding of two random ones, leaving out those that <paramref name="tried"/> holds and those ejected.
    /// False when none is left.
    /// </summary>
    public bool TryChoose(ref TriedUpstreams tried, [NotNullWhen(true)] out Upstream? upstream) => throw new NotImplementedException();
}
