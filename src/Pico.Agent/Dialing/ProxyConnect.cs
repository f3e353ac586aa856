using System.Text;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Agent.Dialing;

/// <summary>The way through an HTTP proxy: CONNECT (RFC 9110 section 9.3.6).</summary>
internal static class ProxyConnect
{
    /// <summary>After it <paramref name="stream"/> leads to <paramref name="server"/>. Throws <see cref="TunnelException"/> when the proxy refuses.</summary>
    public static async Task ConnectAsync(Stream stream, HttpProxy proxy, Uri server, CancellationToken cancellationToken)
    {
        var target = $"{(server.HostNameType == UriHostNameType.IPv6 ? $"[{server.IdnHost}]" : server.IdnHost)}:{server.Port}";
        var authorization = proxy.Credentials is { } credentials ? $"Proxy-Authorization: {credentials}\r\n" : "";
        var request = $"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{authorization}\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), cancellationToken).ConfigureAwait(false);
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        var answer = await AnswerHead.ReadAsync(stream, $"the proxy {proxy}", cancellationToken).ConfigureAwait(false);
        if (answer.Status[0] != '2')
            throw new TunnelException(TunnelError.TransportLost, $"the proxy {proxy} does not connect to {target}: {Reason(answer.Status, proxy)}");
    }

    private static string Reason(string status, HttpProxy proxy) => status switch
    {
        "407" when proxy.Credentials is null => "it wants a user and password (HTTP 407), given as user:password@ in its URL",
        "407" or "401" => $"it refuses the user and password of its URL (HTTP {status})", // Tinyproxy says 401
        "403" => "it is not allowed (HTTP 403)",
        "502" or "503" or "504" => $"it cannot reach it (HTTP {status})",
        _ => $"HTTP {status}",
    };
}
