namespace Pico.Kubernetes.Injecting;

/// <summary>
/// For whom an agent's ServiceAccount token is. The template's servers take the template's audience. A token for that in the hands of another server's operator would let
/// them register here in this agent's name; so another server gets one for its own host name, which is of no use anywhere else.
/// </summary>
internal static class TokenAudience
{
    /// <summary>The audience for an agent of <paramref name="servers"/>, URLs separated by commas.</summary>
    public static string Of(string servers, AgentTemplate template)
    {
        var own = Split(template.Server).Select(Place).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var other = Array.Find(Split(servers), s => !own.Contains(Place(s)));
        if (other is null)
            return template.TokenAudience;
        // What is no URL the agent refuses, with words; nobody else gets to see its token.
        return Uri.TryCreate(other, UriKind.Absolute, out var url) && url.Host.Length > 0 ? url.IdnHost.ToLowerInvariant() : other;
    }

    private static string[] Split(string servers) => servers.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    // Host and port: with and without TLS it is the same server.
    private static string Place(string server) =>
        Uri.TryCreate(server, UriKind.Absolute, out var url) ? $"{url.IdnHost}:{(url.IsDefaultPort ? "" : url.Port.ToString(System.Globalization.CultureInfo.InvariantCulture))}" : server;
}
