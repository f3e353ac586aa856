namespace Pico.Server.Proxy.Errors;

/// <summary>What each <see cref="ProxyError"/> says to people: what happened, and what to do about it.</summary>
internal static class ProblemTexts
{
    /// <summary>A short name of the problem, the same for every occurrence (RFC 9457 3.1.3).</summary>
    public static string Title(ProxyError error) => error switch
    {
        ProxyError.MissingEndpoint => "The request names no endpoint",
        ProxyError.InvalidEndpoint => "The endpoint's name is malformed",
        ProxyError.BadRequest => "The request is malformed",
        ProxyError.Unauthorized => "A token is needed",
        ProxyError.TokenExpired => "The token has expired",
        ProxyError.EndpointNotPermitted => "The token does not permit the endpoint",
        ProxyError.RequestTimeout => "The request did not arrive in time",
        ProxyError.BodyTooLarge => "The request's body is too large",
        ProxyError.HeadTooLarge => "The request's head is too large",
        ProxyError.ProtocolMismatch => "The endpoint speaks another protocol",
        ProxyError.NoAvailableUpstreams => "Nobody listens on the endpoint",
        ProxyError.UpstreamUnreachable => "The service could not be reached",
        ProxyError.UpstreamProtocolError => "The service's answer is not valid HTTP",
        ProxyError.UpstreamTimeout => "The service did not answer in time",
        ProxyError.RateLimited => "Too many requests",
        ProxyError.Overloaded => "The node is overloaded or about to stop",
        ProxyError.ClientGone => "The client went away",
        _ => throw new ArgumentOutOfRangeException(nameof(error), error, null),
    };

    /// <summary>What happened and what to do.</summary>
    public static string Detail(ProxyError error) => error switch
    {
        ProxyError.MissingEndpoint =>
            "There is no x-pico-endpoint header, and the first label of Host is no endpoint (Host is missing, an address, has no dot, or is "
            + "not one label before the configured base domain). Send 'x-pico-endpoint: <endpoint>' or a Host such as <endpoint>.example.com.",
        ProxyError.InvalidEndpoint =>
            $"An endpoint is {Pico.Tunnel.Protocol.EndpointId.Rule}. Correct the x-pico-endpoint header (given once) or the first label of Host.",
        ProxyError.BadRequest =>
            "The request does not follow HTTP (RFC 9112, RFC 9113), so it was not passed on. Correct the client.",
        ProxyError.Unauthorized =>
            "The request has no token that is accepted here. Send 'Authorization: Bearer <JWT>', or 'x-pico-authorization' with the same.",
        ProxyError.TokenExpired =>
            "The token has expired. Get another one and send the request again.",
        ProxyError.EndpointNotPermitted =>
            "The token is good, but its claim pico.endpoints does not name this endpoint. Correct the endpoint's name, or get a token for it.",
        ProxyError.RequestTimeout =>
            "The request's head or body stood still for longer than allowed. Send it again, faster.",
        ProxyError.BodyTooLarge =>
            "The body is larger than proxy.max-request-body-size allows. Send less.",
        ProxyError.HeadTooLarge =>
            "The request line or the headers are larger than allowed. Send fewer or shorter headers (cookies, for instance), or raise "
            + "proxy.max-request-head-size on the server.",
        ProxyError.ProtocolMismatch =>
            "HTTP was sent to an endpoint whose service does not speak it, or a byte stream to one that speaks HTTP. Use 'pico forward' for TCP "
            + "endpoints, or register the endpoint with the protocol that its service speaks.",
        ProxyError.NoAvailableUpstreams =>
            "No agent has registered the endpoint, or every one is failing just now. Check the endpoint's name and that its agent runs and is connected.",
        ProxyError.UpstreamUnreachable =>
            "The agent could not connect to the service, or the connection broke before the answer began. Check that the service runs on the "
            + "address that the agent forwards to. The request may be sent again if it is safe to repeat.",
        ProxyError.UpstreamProtocolError =>
            "The service sent something that is not a valid HTTP response. Check that the endpoint's protocol is the one that the service speaks.",
        ProxyError.UpstreamTimeout =>
            "The service accepted no connection within proxy.connect-timeout, or sent no response head within proxy.response-head-timeout. Check that it runs, "
            + "can be reached from its agent and answers, or raise the time-out on the server.",
        ProxyError.RateLimited =>
            "The client, or all clients of the endpoint together, sent more requests than allowed, or have too many open. Wait as long as Retry-After says, "
            + "then send the request again.",
        ProxyError.Overloaded =>
            "A limit on streams or connections is reached, or the node is draining. Send the request again after a moment.",
        ProxyError.ClientGone =>
            "The client closed its connection before the answer.",
        _ => throw new ArgumentOutOfRangeException(nameof(error), error, null),
    };
}
