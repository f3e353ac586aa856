using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Pico.Agent.Dialing;

/// <summary>An HTTP proxy on the way to the servers, as people give it: <c>http://[user:password@]host[:port]</c>, or <c>https://</c>; without a scheme it is <c>http</c>.</summary>
public sealed class HttpProxy
{
    private HttpProxy(Uri address, string? credentials) => (Address, Credentials) = (address, credentials);

    /// <summary>Scheme, host and port; nothing secret.</summary>
    public Uri Address { get; }

    /// <summary>The value of <c>Proxy-Authorization</c> (RFC 7617); null if the URL has no user.</summary>
    internal string? Credentials { get; }

    /// <summary>Reads a proxy's URL, or says what is wrong in words that do not repeat a password.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out HttpProxy? proxy, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        (proxy, error) = (null, null);
        var withScheme = text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text;
        if (!Uri.TryCreate(withScheme, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
            error = "this is no HTTP proxy: give http://host:port or https://host:port, with user:password@ before the host if it needs that";
        else if (url.AbsolutePath != "/" || url.Query.Length > 0 || url.Fragment.Length > 0)
            error = $"the proxy {Bare(url)} has a path, query or fragment: give scheme, host and port only (an @, / or # in a password is written %40, %2F or %23)";
        else
            proxy = new HttpProxy(Bare(url), Basic(url.UserInfo));
        return proxy is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => Address.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);

    private static Uri Bare(Uri url) => new(url.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped));

    private static string? Basic(string userInfo)
    {
        if (userInfo.Length == 0)
            return null;
        var colon = userInfo.IndexOf(':', StringComparison.Ordinal);
        var (user, password) = colon < 0 ? (userInfo, "") : (userInfo[..colon], userInfo[(colon + 1)..]);
        return "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.UnescapeDataString(user)}:{Uri.UnescapeDataString(password)}"));
    }
}
