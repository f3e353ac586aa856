using System.Diagnostics.CodeAnalysis;

namespace Pico.Server.Upstreams;

/// <summary>Endpoint ID → upstreams: an immutable snapshot behind a reference, replaced when something is registered or withdrawn.</summary>
internal sealed class RouteTable
{
    /// <summary>Finds the upstreams of an endpoint, without allocating. <paramref name="endpointId"/> in either case.</summary>
    public bool TryGet(ReadOnlySpan<char> endpointId, [NotNullWhen(true)] out EndpointUpstreams? endpoint) => throw new NotImplementedException();

    /// <summary>Adds an upstream.</summary>
    public void Add(Upstream upstream) => throw new NotImplementedException();

    /// <summary>Removes an upstream, if it is there.</summary>
    public void Remove(Upstream upstream) => throw new NotImplementedException();
}
