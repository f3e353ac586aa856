namespace Pico.Server.Limits;

/// <summary>How much clients may use of this node. Each is for one node; 0 switches a limit off.</summary>
public sealed class ProxyLimits
{
    /// <summary>Connections of one client address (IPv6: of its /64), trusted proxies excepted; further ones get 429. Default 10,000.</summary>
    public int ConnectionsPerClient { get; set; } = 10_000;

    /// <summary>
    /// Requests, upgraded connections and TCP streams in flight to one endpoint; further ones get 503 <c>overloaded</c>, so that one endpoint that is flooded or
    /// hangs leaves connections and memory to the others. Default 10,000.
    /// </summary>
    public int RequestsPerEndpoint { get; set; } = 10_000;

    /// <summary>The same of one client address; further ones get 429 <c>rate_limited</c>. Default 0: off, since a proxy in front that isn't trusted is one client.</summary>
    public int RequestsPerClient { get; set; }

    /// <summary>Requests per second to one endpoint, with a burst of as many; further ones get 429. Default 0: off.</summary>
    public int RatePerEndpoint { get; set; }

    /// <summary>Requests per second of one client address, with a burst of as many; further ones get 429. Default 0: off.</summary>
    public int RatePerClient { get; set; }

    /// <summary>The greatest size of a request's body in bytes; larger ones get 413. Not for upgraded connections. Over HTTP/1.1 to an HTTP/2 service
    /// the framing of chunks counts too. Default 0: off.</summary>
    public long RequestBodySize { get; set; }
}
