using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using Pico.Tunnel.Protocol;

namespace Pico.Agent.Endpoints;

/// <summary>
/// Where a service is: <c>4000</c> (on localhost), <c>host:4000</c>, <c>[::1]:4000</c>, or with what it speaks: <c>http://</c>, <c>https://</c>,
/// <c>h2c://</c>, <c>tcp://</c> before it. Without a scheme it is <c>http</c>. The port may be left out where the scheme has one: http 80, https 443.
/// </summary>
internal sealed record ServiceAddress(string? Scheme, string Host, int Port)
{
    public const string Schemes = "http, https, h2c or tcp";

    public EndpointProtocol Protocol => Scheme switch
    {
        "h2c" => EndpointProtocol.H2C,
        "tcp" => EndpointProtocol.Tcp,
        _ => EndpointProtocol.Http,
    };

    public bool UsesTls => Scheme == "https";

    public static bool IsScheme(string text) => text.ToLowerInvariant() is "http" or "https" or "h2c" or "tcp";

    /// <summary>Null if no port was given and the scheme has no default.</summary>
    public ServiceAddress? WithDefaultPort() => (Port, Scheme) switch
    {
        ( > 0, _) => this,
        (_, "https") => this with { Port = 443 },
        (_, "http") => this with { Port = 80 },
        _ => null,
    };

    /// <summary>Gives null, or what is wrong in words.</summary>
    public static string? TryParse(string text, out ServiceAddress? address)
    {
        address = null;
        string? scheme = null;
        var rest = text;
        if (text.IndexOf("://", StringComparison.Ordinal) is > -1 and var end)
        {
            scheme = text[..end].ToLowerInvariant();
            rest = text[(end + 3)..];
            if (!IsScheme(scheme))
                return $"\"{scheme}\" is no protocol: give {Schemes}";
        }

        if (rest.EndsWith('/'))
            rest = rest[..^1];
        if (rest.Contains('/', StringComparison.Ordinal))
            return $"\"{rest}\" has a path: give host and port only, requests bring their own path";
        if (rest.Contains('@', StringComparison.Ordinal))
            return $"\"{rest}\" has a user name: give host and port only";
        if (!SplitPort(rest, scheme is null, out var host, out var port))
            return $"\"{rest}\" has no valid port: give 1 to 65535, such as localhost:4000";
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown)
            return $"\"{host}\" is no host: give a name or an IP address (IPv6 in brackets)";
        address = new ServiceAddress(scheme, host, port);
        return null;
    }

    private static bool SplitPort(string text, bool mayBePortOnly, [NotNullWhen(true)] out string? host, out int port)
    {
        host = null;
        port = 0;
        if (mayBePortOnly && text.Length > 0 && !text.AsSpan().ContainsAnyExceptInRange('0', '9'))
        {
            host = "localhost";
            return TryParsePort(text, out port);
        }

        if (text.StartsWith('[') && text.IndexOf(']', StringComparison.Ordinal) is > 0 and var bracket && IPAddress.TryParse(text[1..bracket], out var v6))
        {
            host = v6.ToString();
            var after = text[(bracket + 1)..];
            return after.Length == 0 || (after[0] == ':' && TryParsePort(after[1..], out port));
        }

        var colon = text.LastIndexOf(':');
        host = colon < 0 ? text : text[..colon];
        return colon < 0 || TryParsePort(text[(colon + 1)..], out port);
    }

    private static bool TryParsePort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= ushort.MaxValue;
}
