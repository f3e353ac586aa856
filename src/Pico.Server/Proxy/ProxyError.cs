namespace Pico.Server.Proxy;

/// <summary>
/// Every error that Pico itself answers with: the same value is returned, logged, counted and mapped to a status and the
/// <c>x-pico-error</c> code (<see cref="ProxyErrors"/>).
/// </summary>
internal enum ProxyError
{
    /// <summary>No error.</summary>
    None,

    /// <summary>400: neither the header nor the Host names an endpoint.</summary>
    MissingEndpoint,

    /// <summary>400: what names the endpoint is malformed.</summary>
    InvalidEndpoint,

    /// <summary>400: the request itself is malformed.</summary>
    BadRequest,

    /// <summary>401: the client's token is missing or was refused.</summary>
    Unauthorized,

    /// <summary>401: the client's token has expired.</summary>
    TokenExpired,

    /// <summary>403: the client's token does not permit the endpoint, which may exist or not.</summary>
    EndpointNotPermitted,

    /// <summary>408: the request's head did not come in time.</summary>
    RequestTimeout,

    /// <summary>413: the body is larger than allowed.</summary>
    BodyTooLarge,

    /// <summary>414 or 431: the request line or the headers are larger than allowed.</summary>
    HeadTooLarge,

    /// <summary>421: HTTP was sent to a TCP endpoint, or the reverse.</summary>
    ProtocolMismatch,

    /// <summary>502: nobody listens on the endpoint.</summary>
    NoAvailableUpstreams,

    /// <summary>502: the tunnel or the service refused, or broke before the response began.</summary>
    UpstreamUnreachable,

    /// <summary>502: the service's answer is not valid HTTP.</summary>
    UpstreamProtocolError,

    /// <summary>504: no connection to the service, or no response head, in time.</summary>
    UpstreamTimeout,

    /// <summary>429: the client, or all clients of the endpoint together, send more than allowed.</summary>
    RateLimited,

    /// <summary>503: a limit on streams or connections is reached, or the node drains.</summary>
    Overloaded,

    /// <summary>Not answered: the client went away first.</summary>
    ClientGone,
}
