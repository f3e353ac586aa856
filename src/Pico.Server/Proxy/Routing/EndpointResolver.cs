using System.Buffers;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Pico.Server.Proxy.Routing;

/// <summary>
/// Finds the endpoint that a request is for: <c>x-pico-endpoint</c>, else the first label of Host. The same rules for both paths:
/// <code>
///   x-pico-endpoint: Orders              → Orders        (any case; malformed, or repeated with another value: InvalidEndpoint)
///   Host: orders.example.com:8000        → orders        (port and a trailing dot are ignored)
///   Host: localhost | 10.0.0.1 | [::1]   → MissingEndpoint
///   Host: a.b.example.com, base domain example.com → MissingEndpoint (exactly one label before the base domain)
/// </code>
/// </summary>
internal sealed class EndpointResolver
{
    /// <summary>The header that names the endpoint.</summary>
    public const string HeaderName = "x-pico-endpoint";

    /// <summary>A domain name has at most 253 characters (RFC 1035 2.3.4); with a port and a trailing dot this is enough.</summary>
    private const int MaxHostLength = 320;

    private readonly string _suffix;

    /// <param name="baseDomain">If not empty, Host must be exactly one label before this domain.</param>
    public EndpointResolver(string baseDomain)
    {
        var domain = baseDomain.Trim('.');
        _suffix = domain.Length == 0 ? "" : "." + domain;
    }

    /// <summary>
    /// Takes the value of one <c>x-pico-endpoint</c> header into <paramref name="name"/>. Called for each such header of a request, beginning
    /// with an empty name.
    /// </summary>
    public static ProxyError TakeHeader(ReadOnlySpan<byte> value, ref EndpointName name)
    {
        EndpointName found = default;
        return found.TrySet(value) ? Merge(found, ref name) : ProxyError.InvalidEndpoint;
    }

    /// <summary>Finds the endpoint in Host, when no header named it.</summary>
    public ProxyError TakeHost(ReadOnlySpan<byte> host, ref EndpointName name)
    {
        Span<char> chars = stackalloc char[MaxHostLength];
        return host.Length <= MaxHostLength && Ascii.ToUtf16(host, chars, out var written) == OperationStatus.Done
            ? TakeHost(chars[..written], ref name)
            : ProxyError.InvalidEndpoint;
    }

    /// <summary>Finds the endpoint of a request whose headers are strings.</summary>
    public ProxyError Resolve(StringValues headers, string? host, ref EndpointName name)
    {
        foreach (var value in headers)
        {
            EndpointName found = default;
            var error = found.TrySet(value) ? Merge(found, ref name) : ProxyError.InvalidEndpoint;
            if (error != ProxyError.None)
                return error;
        }

        return name.IsEmpty ? TakeHost(host.AsSpan(), ref name) : ProxyError.None;
    }

    private static ProxyError Merge(in EndpointName found, ref EndpointName name)
    {
        if (!name.IsEmpty && !name.Span.Equals(found.Span, StringComparison.OrdinalIgnoreCase))
            return ProxyError.InvalidEndpoint;

        name = found;
        return ProxyError.None;
    }

    private ProxyError TakeHost(ReadOnlySpan<char> host, ref EndpointName name)
    {
        host = WithoutPortAndDot(host);
        if (_suffix.Length > 0)
        {
            if (host.Length <= _suffix.Length || !host.EndsWith(_suffix, StringComparison.OrdinalIgnoreCase))
                return ProxyError.MissingEndpoint;

            var label = host[..^_suffix.Length];
            return label.Contains('.') ? ProxyError.MissingEndpoint : TakeLabel(label, ref name);
        }

        var dot = host.IndexOf('.');
        return dot < 0 || host[0] == '[' || EndsInNumber(host) ? ProxyError.MissingEndpoint : TakeLabel(host[..dot], ref name);
    }

    private static ProxyError TakeLabel(ReadOnlySpan<char> label, ref EndpointName name) =>
        name.TrySet(label) ? ProxyError.None : ProxyError.InvalidEndpoint;

    private static ReadOnlySpan<char> WithoutPortAndDot(ReadOnlySpan<char> host)
    {
        var colon = host.LastIndexOf(':');
        if (colon >= 0 && !host.EndsWith("]"))
            host = host[..colon];
        return host.EndsWith(".") ? host[..^1] : host;
    }

    /// <summary>True for IPv4 addresses in every notation: no top-level domain is a number (the rule of the WHATWG's host parser).</summary>
    private static bool EndsInNumber(ReadOnlySpan<char> host)
    {
        var last = host[(host.LastIndexOf('.') + 1)..];
        return last.Length > 0 && !last.ContainsAnyExceptInRange('0', '9');
    }
}
