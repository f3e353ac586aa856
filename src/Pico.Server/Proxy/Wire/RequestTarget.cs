using System.Text;

namespace Pico.Server.Proxy.Wire;

/// <summary>The target of a request line, taken apart (RFC 9112 3.2).</summary>
internal readonly ref struct RequestTarget
{
    private RequestTarget(bool isAbsolute, ReadOnlySpan<byte> authority, ReadOnlySpan<byte> path)
    {
        IsAbsolute = isAbsolute;
        Authority = authority;
        Path = path;
    }

    /// <summary>True for the absolute form; its <see cref="Authority"/> then stands for Host (RFC 9112 3.2.2).</summary>
    public bool IsAbsolute { get; }

    /// <summary>The authority of the absolute form; else empty.</summary>
    public ReadOnlySpan<byte> Authority { get; }

    /// <summary>Path and query as they were received, or <c>*</c>. Of an absolute form without a path it is empty, or begins with the query.</summary>
    public ReadOnlySpan<byte> Path { get; }

    /// <summary>
    /// Takes <paramref name="target"/> apart. False for what no service could be asked for: the authority form (CONNECT), other schemes than
    /// <c>http</c> and <c>https</c>, fragments, anything outside of visible ASCII.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> target, bool isOptions, out RequestTarget parsed)
    {
        parsed = default;
        if (target.IsEmpty || target.ContainsAnyExceptInRange((byte)'!', (byte)'~') || target.Contains((byte)'#'))
            return false;

        if (target[0] == '/')
        {
            parsed = new(false, default, target);
            return true;
        }

        if (isOptions && target is [(byte)'*'])
        {
            parsed = new(false, default, target);
            return true;
        }

        var scheme = target.IndexOf("://"u8);
        if (scheme < 0 || !(Ascii.EqualsIgnoreCase(target[..scheme], "http"u8) || Ascii.EqualsIgnoreCase(target[..scheme], "https"u8)))
            return false;

        var rest = target[(scheme + 3)..];
        var end = rest.IndexOfAny((byte)'/', (byte)'?');
        var authority = end < 0 ? rest : rest[..end];
        if (authority.IsEmpty || !HostField.IsValid(authority))
            return false;

        parsed = new(true, authority, end < 0 ? default : rest[end..]);
        return true;
    }
}
