namespace Pico.Server.Proxy;

/// <summary>What each <see cref="ProxyError"/> looks like to a client (RFC 9457 problem details).</summary>
internal static class ProxyErrors
{
    /// <summary>The header that tells Pico's own errors from the service's.</summary>
    public const string HeaderName = "x-pico-error";

    /// <summary>The HTTP status of <paramref name="error"/>.</summary>
    public static int Status(ProxyError error) => error switch
    {
        ProxyError.MissingEndpoint or ProxyError.InvalidEndpoint or ProxyError.BadRequest => 400,
        ProxyError.Unauthorized or ProxyError.TokenExpired => 401,
        ProxyError.EndpointNotPermitted => 403,
        ProxyError.RequestTimeout => 408,
        ProxyError.BodyTooLarge => 413,
        ProxyError.HeadTooLarge => 431,
        ProxyError.ProtocolMismatch => 421,
        ProxyError.NoAvailableUpstreams or ProxyError.UpstreamUnreachable or ProxyError.UpstreamProtocolError => 502,
        ProxyError.RateLimited => 429,
        ProxyError.Overloaded => 503,
        ProxyError.UpstreamTimeout => 504,
        ProxyError.ClientGone => 499,
        _ => throw new ArgumentOutOfRangeException(nameof(error), error, null),
    };

    /// <summary>The value of <see cref="HeaderName"/>, also the label in metrics and logs.</summary>
    public static string Code(ProxyError error) => error switch
    {
        ProxyError.MissingEndpoint => "missing_endpoint",
        ProxyError.InvalidEndpoint => "invalid_endpoint",
        ProxyError.BadRequest => "bad_request",
        ProxyError.Unauthorized => "unauthorized",
        ProxyError.TokenExpired => "token_expired",
        ProxyError.EndpointNotPermitted => "endpoint_not_permitted",
        ProxyError.RequestTimeout => "request_timeout",
        ProxyError.BodyTooLarge => "body_too_large",
        ProxyError.HeadTooLarge => "head_too_large",
        ProxyError.ProtocolMismatch => "protocol_mismatch",
        ProxyError.NoAvailableUpstreams => "no_available_upstreams",
        ProxyError.UpstreamUnreachable => "upstream_unreachable",
        ProxyError.UpstreamProtocolError => "upstream_protocol_error",
        ProxyError.UpstreamTimeout => "upstream_timeout",
        ProxyError.RateLimited => "rate_limited",
        ProxyError.Overloaded => "overloaded",
        ProxyError.ClientGone => "client_gone",
        _ => throw new ArgumentOutOfRangeException(nameof(error), error, null),
    };
}
