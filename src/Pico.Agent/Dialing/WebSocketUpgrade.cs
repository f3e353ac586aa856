using System.Globalization;
using System.Text;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Agent.Dialing;

/// <summary>
/// The client's side of the upgrade from HTTP/1.1 to WebSocket (RFC 6455 section 4.1). Written by hand because the framework's client brings
/// the whole HTTP stack along: 3 MB more resident memory in an idle agent, measured.
/// </summary>
internal static class WebSocketUpgrade
{
    public const string SubProtocol = "pico.v1";

    // RFC 6455 section 1.3.
    private const string AcceptSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /// <summary>Throws <see cref="TunnelException"/> when the server answers with anything but the upgrade that was asked for.</summary>
    public static async Task UpgradeAsync(Stream stream, Uri server, string path, string token, CancellationToken cancellationToken)
    {
        var key = NewKey();
        var request = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"GET {server.AbsolutePath.TrimEnd('/')}{path} HTTP/1.1\r\nHost: {server.Authority}\r\n")
            .Append("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n")
            .Append(CultureInfo.InvariantCulture, $"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {SubProtocol}\r\n")
            .Append(token.Length > 0 ? $"Authorization: Bearer {token}\r\n" : "")
            .Append("\r\n");
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request.ToString()), cancellationToken).ConfigureAwait(false);
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        Check(await AnswerHead.ReadAsync(stream, server.Authority, cancellationToken).ConfigureAwait(false), server, key);
    }

    private static void Check(AnswerHead answer, Uri server, string key)
    {
        if (answer.Status != "101")
            throw Refused(server, answer);
        if (answer.Header("sec-websocket-accept") != Accept(key))
            throw new TunnelException(TunnelError.ProtocolError, $"{server.Authority} answered the upgrade with a wrong Sec-WebSocket-Accept");
        if (answer.Header("sec-websocket-protocol") is not (null or SubProtocol))
            throw new TunnelException(TunnelError.ProtocolError, $"{server.Authority} chose another sub-protocol than {SubProtocol}");
    }

    private static TunnelException Refused(Uri server, AnswerHead answer) => (answer.Status, answer.Header("x-pico-error"), answer.Header("location")) switch
    {
        ("401", "token_expired", _) => new(TunnelError.TokenExpired, $"{server.Authority} says that the token has expired{Reason(answer)}"),
        ("401", _, _) => new(TunnelError.Unauthorized, $"{server.Authority} refuses the credential (HTTP 401){Reason(answer)}"),
        ("403", _, _) => new(TunnelError.Unauthorized, $"{server.Authority} refuses what the credential is used for (HTTP 403)"),
        ("404", _, _) => new(TunnelError.ProtocolError, $"{server.Authority} has no such path (HTTP 404): is it a Pico server, and the right port?"),
        (['3', ..] status, _, { } location) => new(TunnelError.ProtocolError, $"{server.Authority} redirects to {location} (HTTP {status}): give that address instead"),
        ("503", _, _) => new(TunnelError.Draining, $"{server.Authority} is not available (HTTP 503)"),
        var (status, code, _) => new(TunnelError.TransportLost, $"{server.Authority} refuses the tunnel (HTTP {status}{(code is null ? "" : $", {code}")})"),
    };

    /// <summary>What a server says of the credential (RFC 6750, section 3): an error description has no quotation marks in it.</summary>
    private static string Reason(AnswerHead answer)
    {
        const string Name = "error_description=\"";
        var challenge = answer.Header("www-authenticate") ?? "";
        var start = challenge.IndexOf(Name, StringComparison.Ordinal) + Name.Length;
        var end = start < Name.Length ? -1 : challenge.IndexOf('"', start);
        return end < 0 ? "" : $": {challenge[start..end]}";
    }

    /// <summary>Sixteen bytes that no cache on the way has seen (RFC 6455 section 10.3): nothing secret, so a random GUID does.</summary>
    private static string NewKey() => Convert.ToBase64String(Guid.NewGuid().ToByteArray());

    private static string Accept(string key) => Convert.ToBase64String(Sha1.Hash(Encoding.ASCII.GetBytes(key + AcceptSuffix)));
}
