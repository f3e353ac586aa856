using System.Text;

namespace Pico.Server.Proxy.Wire;

/// <summary>What the Connection fields of a message say.</summary>
[Flags]
internal enum ConnectionOptions : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary><c>close</c>: the connection ends after this message.</summary>
    Close = 1,

    /// <summary><c>keep-alive</c>: it does not (HTTP/1.0).</summary>
    KeepAlive = 2,

    /// <summary><c>upgrade</c>: the Upgrade field is meant.</summary>
    Upgrade = 4,

    /// <summary>Other fields are named: they are for this hop only.</summary>
    NamesFields = 8,
}

/// <summary>Which fields are for one hop only, and so not passed on (RFC 9110 7.6.1).</summary>
internal static class HopByHop
{
    /// <summary>Joins what all Connection fields of a message say.</summary>
    public static ConnectionOptions Options(ReadOnlySpan<byte> head, ReadOnlySpan<HeaderField> fields)
    {
        var options = ConnectionOptions.None;
        foreach (ref readonly var field in fields)
        {
            if (field.Known == KnownHeader.Connection)
                options |= Options(field.Value(head));
        }

        return options;
    }

    /// <summary>What one Connection field says.</summary>
    public static ConnectionOptions Options(ReadOnlySpan<byte> value)
    {
        var options = ConnectionOptions.None;
        while (TryNext(ref value, out var option))
        {
            options |= Ascii.EqualsIgnoreCase(option, "keep-alive"u8) ? ConnectionOptions.KeepAlive
                : Ascii.EqualsIgnoreCase(option, "close"u8) ? ConnectionOptions.Close
                : Ascii.EqualsIgnoreCase(option, "upgrade"u8) ? ConnectionOptions.Upgrade
                : option.IsEmpty ? ConnectionOptions.None
                : ConnectionOptions.NamesFields;
        }

        return options;
    }

    /// <summary>
    /// True if <paramref name="field"/> is not passed on. Transfer-Encoding counts: the sender of the next hop writes its own, to fit how it frames the body.
    /// Upgrade and TE count too: who passes an upgrade or <c>TE: trailers</c> on writes them anew. <c>x-pico-authorization</c> is Pico's own.
    /// </summary>
    public static bool IsDropped(in HeaderField field, ConnectionOptions options, ReadOnlySpan<byte> head, ReadOnlySpan<HeaderField> fields) => field.Known switch
    {
        KnownHeader.Connection or KnownHeader.KeepAlive or KnownHeader.ProxyConnection or KnownHeader.TransferEncoding or KnownHeader.Upgrade
            or KnownHeader.Te or KnownHeader.Http2Settings or KnownHeader.PicoAuthorization => true,
        KnownHeader.Other or KnownHeader.Expect or KnownHeader.Trailer => (options & ConnectionOptions.NamesFields) != 0
            && IsNamed(field.Name(head), head, fields) && !IsProtected(field.Name(head)),
        // Naming these in Connection must not make them disappear: routing, framing, credentials and the client's address are not the client's to strip.
        _ => false,
    };

    /// <summary>True if <paramref name="name"/> is one of the comma-separated <paramref name="list"/>, in any case.</summary>
    public static bool Lists(ReadOnlySpan<byte> list, ReadOnlySpan<byte> name)
    {
        while (TryNext(ref list, out var item))
        {
            if (Ascii.EqualsIgnoreCase(item, name))
                return true;
        }

        return false;
    }

    /// <summary>
    /// True if Upgrade's <paramref name="protocols"/> may be passed on. HTTP/2 is not upgraded to: it would carry requests past the proxy's eyes
    /// (RFC 9113 3.1 has dropped it anyway). Nor is TLS, which belongs to the connection that the client has here.
    /// </summary>
    public static bool IsUpgradable(ReadOnlySpan<byte> protocols)
    {
        if (protocols.IsEmpty)
            return false;
        while (TryNext(ref protocols, out var protocol))
        {
            var slash = protocol.IndexOf((byte)'/');
            var name = slash < 0 ? protocol : protocol[..slash];
            if (name.IsEmpty || Ascii.EqualsIgnoreCase(name, "h2c"u8) || Ascii.EqualsIgnoreCase(name, "h2"u8)
                || Ascii.EqualsIgnoreCase(name, "http"u8) || Ascii.EqualsIgnoreCase(name, "tls"u8))
                return false;
        }

        return true;
    }

    private static bool IsNamed(ReadOnlySpan<byte> name, ReadOnlySpan<byte> head, ReadOnlySpan<HeaderField> fields)
    {
        foreach (ref readonly var field in fields)
        {
            if (field.Known == KnownHeader.Connection && Lists(field.Value(head), name))
                return true;
        }

        return false;
    }

    /// <summary>Fields that services base decisions on and that are end-to-end whatever Connection says.</summary>
    public static bool IsProtected(ReadOnlySpan<byte> name) => name.Length switch
    {
        6 => Ascii.EqualsIgnoreCase(name, "cookie"u8) || Ascii.EqualsIgnoreCase(name, "expect"u8),
        9 => Ascii.EqualsIgnoreCase(name, "x-real-ip"u8),
        10 => Ascii.EqualsIgnoreCase(name, "set-cookie"u8),
        12 => Ascii.EqualsIgnoreCase(name, "content-type"u8),
        13 => Ascii.EqualsIgnoreCase(name, "cache-control"u8),
        16 => Ascii.EqualsIgnoreCase(name, "content-encoding"u8),
        _ => false,
    };

    private static bool TryNext(ref ReadOnlySpan<byte> list, out ReadOnlySpan<byte> item)
    {
        item = default;
        if (list.IsEmpty)
            return false;
        var comma = list.IndexOf((byte)',');
        item = HttpChars.Trim(comma < 0 ? list : list[..comma]);
        list = comma < 0 ? default : list[(comma + 1)..];
        return true;
    }
}
