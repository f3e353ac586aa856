using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Pico.Server.Proxy.General.Http1;
using Pico.Server.Proxy.Wire;

namespace Pico.Server.Proxy.General.Upgrades;

/// <summary>
/// A request that asks to become a stream of bytes: HTTP/1.1's Upgrade (RFC 9110 7.8), or HTTP/2's extended CONNECT (RFC 8441), which the service
/// gets as an Upgrade with a key that is made and checked here.
/// </summary>
internal sealed class UpgradeRequest
{
    private readonly string _protocol;
    private readonly string? _key;

    private UpgradeRequest(string protocol, string? key)
    {
        _protocol = protocol;
        _key = key;
    }

    /// <summary>The client asked by HTTP/2's extended CONNECT.</summary>
    public bool IsExtendedConnect => _key is not null;

    /// <summary>What <paramref name="context"/> asks to be upgraded to, or null.</summary>
    public static UpgradeRequest? Of(HttpContext context)
    {
        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: { } protocol })
            return protocol.Equals("websocket", StringComparison.OrdinalIgnoreCase)
                ? new UpgradeRequest("websocket", Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)))
                : null;
        if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
            && context.Request.Headers.Upgrade is { Count: 1 } protocols && HopByHop.IsUpgradable(Encoding.Latin1.GetBytes(protocols.ToString())))
            return new UpgradeRequest(protocols.ToString(), null);
        return null;
    }

    /// <summary>Writes the fields that ask the service for it.</summary>
    public void WriteFields(IBufferWriter<byte> output)
    {
        output.Write("Connection: Upgrade\r\n"u8);
        output.TryWriteField("Upgrade", _protocol);
        if (_key is not null)
            output.TryWriteField("Sec-WebSocket-Key", _key);
    }

    /// <summary>True if a 101 response accepts what was asked for.</summary>
    public bool IsAcceptedBy(in ResponseHead response, ReadOnlySpan<byte> head, ReadOnlySpan<HeaderField> fields)
    {
        var (upgraded, keyed) = (false, _key is null);
        foreach (ref readonly var field in fields)
        {
            if (field.Known == KnownHeader.Upgrade)
                upgraded = _key is null || Ascii.EqualsIgnoreCase(field.Value(head), _protocol);
            else if (_key is not null && Ascii.EqualsIgnoreCase(field.Name(head), "sec-websocket-accept"u8))
                keyed = Ascii.Equals(field.Value(head), Accept(_key));
        }

        return upgraded && keyed && (response.Connection & ConnectionOptions.Upgrade) != 0;
    }

    /// <summary>RFC 6455 4.2.2: the hash says only that the service speaks WebSocket.</summary>
    private static string Accept(string key) =>
#pragma warning disable CA5350 // The algorithm is the specification's.
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
}
