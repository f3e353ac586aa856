using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Upstreams;

/// <summary>
/// Endpoint ID → upstreams. Readers take no lock: the upstreams of an endpoint are an immutable array that is replaced when one is
/// registered or withdrawn, so a change costs what that endpoint holds, however many endpoints there are.
/// </summary>
internal sealed class RouteTable
{
    // An endpoint is in here exactly while it has an upstream. Written under _writing only.
    private readonly ConcurrentDictionary<string, EndpointUpstreams> _endpoints = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, EndpointUpstreams>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly Lock _writing = new();

    public RouteTable()
    {
        _lookup = _endpoints.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>How many endpoints have an upstream.</summary>
    public int Count => _endpoints.Count;

    /// <summary>The endpoints that have an upstream, for status and housekeeping; what changes meanwhile may be in it or not.</summary>
    public IEnumerable<EndpointUpstreams> Endpoints
    {
        get
        {
            foreach (var entry in _endpoints)
                yield return entry.Value;
        }
    }

    /// <summary>Finds the upstreams of an endpoint, without allocating. <paramref name="endpointId"/> in either case.</summary>
    public bool TryGet(ReadOnlySpan<char> endpointId, [NotNullWhen(true)] out EndpointUpstreams? endpoint) =>
        _lookup.TryGetValue(endpointId, out endpoint);

    /// <summary>The same for the ASCII bytes of a header; anything else is no endpoint's name.</summary>
    public bool TryGet(ReadOnlySpan<byte> endpointId, [NotNullWhen(true)] out EndpointUpstreams? endpoint)
    {
        Span<char> text = stackalloc char[EndpointId.MaxLength];
        if (endpointId.Length <= text.Length && Ascii.ToUtf16(endpointId, text, out var length) == System.Buffers.OperationStatus.Done)
            return TryGet(text[..length], out endpoint);

        endpoint = null;
        return false;
    }

    /// <summary>Adds an upstream. Gives null, or in words why not: its protocol is not that of the endpoint's other upstreams.</summary>
    public string? Add(Upstream upstream)
    {
        lock (_writing)
        {
            if (!_endpoints.TryGetValue(upstream.EndpointId, out var endpoint))
                _endpoints[upstream.EndpointId] = new EndpointUpstreams(upstream);
            else if (endpoint.Protocol == upstream.Protocol)
                endpoint.Add(upstream);
            else
                return $"The endpoint '{upstream.EndpointId}' has upstreams of protocol {ProtocolNames.Of(endpoint.Protocol)}; {ProtocolNames.Of(upstream.Protocol)} cannot join them.";
        }

        return null;
    }

    /// <summary>Removes an upstream, if it is there. Requests that have chosen it already go on.</summary>
    public void Remove(Upstream upstream)
    {
        lock (_writing)
        {
            if (_endpoints.TryGetValue(upstream.EndpointId, out var endpoint) && endpoint.Remove(upstream) && endpoint.Upstreams.Length == 0)
                _endpoints.TryRemove(upstream.EndpointId, out _);
        }
    }
}
