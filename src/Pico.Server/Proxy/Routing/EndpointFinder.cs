using Microsoft.AspNetCore.Http;
using Pico.Server.Auth;
using Pico.Server.Upstreams;

namespace Pico.Server.Proxy.Routing;

/// <summary>
/// Finds the endpoint of a request and its upstreams, for a client that was admitted:
/// <code>
///   1 x-pico-endpoint or Host ─▶ name ─▶ 2 does the token permit it? ─▶ 3 RouteTable
/// </code>
/// What is not permitted is not looked up: whether it exists is not told.
/// </summary>
internal sealed class EndpointFinder(EndpointResolver resolver, RouteTable routes)
{
    /// <summary>Finds it by a name that a header may have given already (<see cref="EndpointResolver.TakeHeader"/>), else by <paramref name="host"/>. Allocates nothing.</summary>
    public ProxyError Find(ref EndpointName name, ReadOnlySpan<byte> host, VerifiedToken token, out EndpointUpstreams? endpoint)
    {
        endpoint = null;
        var error = name.IsEmpty ? resolver.TakeHost(host, ref name) : ProxyError.None; // 1
        return error == ProxyError.None ? Find(name, token, out endpoint) : error;
    }

    /// <summary>Finds it for a request whose headers are strings.</summary>
    public ProxyError Find(IHeaderDictionary headers, VerifiedToken token, out EndpointUpstreams? endpoint)
    {
        endpoint = null;
        EndpointName name = default;
        var error = resolver.Resolve(headers[EndpointResolver.HeaderName], headers.Host, ref name); // 1
        return error == ProxyError.None ? Find(name, token, out endpoint) : error;
    }

    private ProxyError Find(in EndpointName name, VerifiedToken token, out EndpointUpstreams? endpoint)
    {
        endpoint = null;
        if (!token.Endpoints.Permit(name.Span)) // 2
            return ProxyError.EndpointNotPermitted;
        return routes.TryGet(name.Span, out endpoint) ? ProxyError.None : ProxyError.NoAvailableUpstreams; // 3
    }
}
