using Pico.Server.Proxy;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Upstreams;

/// <summary>How a node says on a stream why it has none to a service.</summary>
internal static class StreamErrors
{
    public static StreamError Of(ProxyError error) => error switch
    {
        ProxyError.InvalidEndpoint or ProxyError.NoAvailableUpstreams or ProxyError.ProtocolMismatch => StreamError.UnknownEndpoint,
        ProxyError.UpstreamTimeout => StreamError.ServiceTimeout,
        ProxyError.Overloaded or ProxyError.RateLimited => StreamError.TooManyStreams,
        ProxyError.ClientGone => StreamError.Cancelled,
        _ => StreamError.ServiceUnreachable,
    };

    /// <summary>What the end of a stream that worked is to whoever counts errors.</summary>
    public static ProxyError OfEnd(StreamError error) => error switch
    {
        StreamError.None => ProxyError.None,
        StreamError.Cancelled => ProxyError.ClientGone,
        StreamError.IdleTimeout => ProxyError.UpstreamTimeout,
        _ => ProxyError.UpstreamUnreachable,
    };
}
