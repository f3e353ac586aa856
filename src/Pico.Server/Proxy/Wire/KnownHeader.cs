using System.Text;

namespace Pico.Server.Proxy.Wire;

/// <summary>The fields that the proxy itself acts on.</summary>
internal enum KnownHeader : byte
{
    /// <summary>Any other: passes unchanged.</summary>
    Other,

    /// <summary><c>Host</c>.</summary>
    Host,

    /// <summary><c>Content-Length</c>.</summary>
    ContentLength,

    /// <summary><c>Transfer-Encoding</c>.</summary>
    TransferEncoding,

    /// <summary><c>Connection</c>.</summary>
    Connection,

    /// <summary><c>Keep-Alive</c>.</summary>
    KeepAlive,

    /// <summary><c>Proxy-Connection</c>.</summary>
    ProxyConnection,

    /// <summary><c>TE</c>.</summary>
    Te,

    /// <summary><c>Trailer</c>.</summary>
    Trailer,

    /// <summary><c>Upgrade</c>.</summary>
    Upgrade,

    /// <summary><c>HTTP2-Settings</c> (RFC 7540 3.2.1): only ever meant for one hop.</summary>
    Http2Settings,

    /// <summary><c>Expect</c>.</summary>
    Expect,

    /// <summary><c>Forwarded</c> (RFC 7239).</summary>
    Forwarded,

    /// <summary><c>X-Forwarded-For</c>.</summary>
    XForwardedFor,

    /// <summary><c>X-Forwarded-Host</c>.</summary>
    XForwardedHost,

    /// <summary><c>X-Forwarded-Proto</c>.</summary>
    XForwardedProto,

    /// <summary>Any other <c>X-Forwarded-…</c>, and <c>X-Real-IP</c>.</summary>
    XForwardedOther,

    /// <summary><c>Authorization</c>.</summary>
    Authorization,

    /// <summary><c>x-pico-authorization</c>: for Pico alone.</summary>
    PicoAuthorization,

    /// <summary><c>x-pico-endpoint</c>.</summary>
    PicoEndpoint,

    /// <summary><c>x-pico-error</c>.</summary>
    PicoError,

    /// <summary>Any other <c>x-pico-…</c>.</summary>
    PicoOther,

    /// <summary><c>Date</c>.</summary>
    Date,

    /// <summary>
    /// Read as <c>Content-Length</c> or <c>Transfer-Encoding</c> by gateways that map <c>-</c> to <c>_</c>, but not by the proxy: never let through.
    /// </summary>
    FramingLookalike,

    /// <summary>Read as an <c>X-Forwarded-…</c> by services that map <c>-</c> to <c>_</c> (CGI, WSGI): dropped, nobody means well by it.</summary>
    ForwardedLookalike,
}

/// <summary>Recognizes <see cref="KnownHeader"/>s.</summary>
internal static class KnownHeaders
{
    /// <summary>What <paramref name="name"/>, in any case, is.</summary>
    public static KnownHeader Identify(ReadOnlySpan<byte> name)
    {
        switch (name.Length)
        {
            case 2:
                return Match(name, "te"u8, KnownHeader.Te);
            case 4:
                return (name[0] | 0x20) == 'h' ? Match(name, "host"u8, KnownHeader.Host) : Match(name, "date"u8, KnownHeader.Date);
            case 6:
                return Match(name, "expect"u8, KnownHeader.Expect);
            case 7:
                return (name[0] | 0x20) == 'u' ? Match(name, "upgrade"u8, KnownHeader.Upgrade) : Match(name, "trailer"u8, KnownHeader.Trailer);
            case 9:
                return (name[0] | 0x20) == 'f' ? Match(name, "forwarded"u8, KnownHeader.Forwarded)
                    : Match(name, "x-real-ip"u8, KnownHeader.XForwardedOther, IsRealIp(name) ? KnownHeader.ForwardedLookalike : KnownHeader.Other);
        }

        return (name.Length < 10 ? 0 : name[0] | 0x20) switch
        {
            'a' => Match(name, "authorization"u8, KnownHeader.Authorization),
            'c' => name.Length == 10 ? Match(name, "connection"u8, KnownHeader.Connection) : Framing(name, "content-length"u8, KnownHeader.ContentLength),
            't' => Framing(name, "transfer-encoding"u8, KnownHeader.TransferEncoding),
            'k' => Match(name, "keep-alive"u8, KnownHeader.KeepAlive),
            'p' => Match(name, "proxy-connection"u8, KnownHeader.ProxyConnection),
            'h' => Match(name, "http2-settings"u8, KnownHeader.Http2Settings),
            'x' => IdentifyX(name),
            _ => KnownHeader.Other,
        };
    }

    private static KnownHeader IdentifyX(ReadOnlySpan<byte> name)
    {
        if (name.Length > 12 && IsHyphen(name[1]) && IsHyphen(name[11]) && Ascii.EqualsIgnoreCase(name[2..11], "forwarded"u8))
        {
            if (name.Contains((byte)'_'))
                return KnownHeader.ForwardedLookalike;
            return name.Length switch
            {
                15 => Match(name, "x-forwarded-for"u8, KnownHeader.XForwardedFor, KnownHeader.XForwardedOther),
                16 => Match(name, "x-forwarded-host"u8, KnownHeader.XForwardedHost, KnownHeader.XForwardedOther),
                17 => Match(name, "x-forwarded-proto"u8, KnownHeader.XForwardedProto, KnownHeader.XForwardedOther),
                _ => KnownHeader.XForwardedOther,
            };
        }

        if (!Ascii.EqualsIgnoreCase(name[..7], "x-pico-"u8))
            return KnownHeader.Other;
        return name.Length switch
        {
            15 => Match(name, "x-pico-endpoint"u8, KnownHeader.PicoEndpoint, KnownHeader.PicoOther),
            20 => Match(name, "x-pico-authorization"u8, KnownHeader.PicoAuthorization, KnownHeader.PicoOther),
            _ => Match(name, "x-pico-error"u8, KnownHeader.PicoError, KnownHeader.PicoOther),
        };
    }

    private static bool IsRealIp(ReadOnlySpan<byte> name) =>
        IsHyphen(name[1]) && IsHyphen(name[6]) && (name[0] | 0x20) == 'x' && Ascii.EqualsIgnoreCase(name[2..6], "real"u8) && Ascii.EqualsIgnoreCase(name[7..], "ip"u8);

    private static bool IsHyphen(byte b) => b is (byte)'-' or (byte)'_';

    private static KnownHeader Match(ReadOnlySpan<byte> name, ReadOnlySpan<byte> expected, KnownHeader known, KnownHeader otherwise = KnownHeader.Other) =>
        Ascii.EqualsIgnoreCase(name, expected) ? known : otherwise;

    private static KnownHeader Framing(ReadOnlySpan<byte> name, ReadOnlySpan<byte> expected, KnownHeader known)
    {
        if (name.Length != expected.Length)
            return KnownHeader.Other;
        if (Ascii.EqualsIgnoreCase(name, expected))
            return known;

        var hyphen = expected.IndexOf((byte)'-');
        return name[hyphen] == '_'
            && Ascii.EqualsIgnoreCase(name[..hyphen], expected[..hyphen])
            && Ascii.EqualsIgnoreCase(name[(hyphen + 1)..], expected[(hyphen + 1)..])
            ? KnownHeader.FramingLookalike
            : KnownHeader.Other;
    }
}
