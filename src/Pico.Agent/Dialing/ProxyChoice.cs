using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Agent.Dialing;

/// <summary>Which HTTP proxy leads to a server: the one that is set, or what the environment says in the variables that curl and others go by.</summary>
internal sealed class ProxyChoice(string url, Func<string, string?> environment)
{
    private static readonly string[] ForTls = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    private static readonly string[] ForClear = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

    /// <summary>
    /// The proxy to <paramref name="server"/> (<c>ws://</c> or <c>wss://</c>); null for none. A proxy of the environment is never used to this machine itself.
    /// Throws <see cref="TunnelException"/> when what is set is no proxy.
    /// </summary>
    public HttpProxy? For(Uri server)
    {
        if (url == HttpProxySettings.None)
            return null;
        if (url.Length > 0)
            return Parse("--http-proxy", url);
        if (server.IsLoopback)
            return null;
        foreach (var variable in server.Scheme == "wss" ? ForTls : ForClear)
        {
            if (environment(variable) is not { Length: > 0 } value)
                continue;
            var exceptions = environment("NO_PROXY") is { Length: > 0 } upper ? upper : environment("no_proxy") ?? "";
            return NoProxyList.Contains(exceptions, server.IdnHost, server.Port) ? null : Parse(variable, value);
        }

        return null;
    }

    private static HttpProxy Parse(string source, string text) =>
        HttpProxy.TryParse(text, out var proxy, out var error) ? proxy : throw new TunnelException(TunnelError.Internal, $"{source}: {error}");
}
