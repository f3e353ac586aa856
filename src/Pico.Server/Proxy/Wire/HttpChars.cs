using System.Buffers;

namespace Pico.Server.Proxy.Wire;

/// <summary>Which bytes may stand where in an HTTP/1.1 message.</summary>
internal static class HttpChars
{
    /// <summary><c>tchar</c> (RFC 9110 5.6.2): methods, field names.</summary>
    public static readonly SearchValues<byte> Token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"u8);

    /// <summary>What a field value or a reason phrase may not hold: control characters other than the tab (RFC 9110 5.5).</summary>
    public static readonly SearchValues<byte> NotInValue = SearchValues.Create(
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 127]);

    /// <summary>True for a non-empty token.</summary>
    public static bool IsToken(ReadOnlySpan<byte> text) => !text.IsEmpty && !text.ContainsAnyExcept(Token);

    /// <summary>Removes optional whitespace (space and tab) at both ends.</summary>
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> value) => value.Trim(" \t"u8);
}
