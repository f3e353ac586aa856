using System.Diagnostics.CodeAnalysis;

namespace Pico.Agent.Dialing;

/// <summary>
/// A server as people give it: <c>ws://host:8001</c>, <c>wss://</c>, <c>http://</c> or <c>https://</c>, a path kept as a prefix. Without a port it is the
/// scheme's, 80 or 443.
/// </summary>
public static class ServerUrl
{
    /// <summary>Gives the URL with scheme <c>ws</c> or <c>wss</c>, or what is wrong with it in words.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Uri? url, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        error = null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out url) || Scheme(url) is not { } scheme || url.Host.Length == 0)
            error = $"\"{text}\" is no server: give ws://host:port or wss://host:port.";
        else if (url.UserInfo.Length > 0 || url.Query.Length > 0 || url.Fragment.Length > 0)
            error = $"\"{url.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)}…\" has a user name, query or fragment: give scheme, host and port only; a credential goes into the token file.";
        else
        {
            url = new UriBuilder(url) { Scheme = scheme, Port = url.Port }.Uri;
            return true;
        }

        url = null;
        return false;
    }

    private static string? Scheme(Uri url) => url.Scheme switch
    {
        "ws" or "http" => "ws",
        "wss" or "https" => "wss",
        _ => null,
    };
}
