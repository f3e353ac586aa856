namespace Pico.Server.Proxy.Forwarded;

/// <summary>The headers that say where a request came from.</summary>
internal enum ForwardedHeader
{
    /// <summary><c>X-Forwarded-For</c>.</summary>
    For,

    /// <summary><c>X-Forwarded-Proto</c>.</summary>
    Proto,

    /// <summary><c>X-Forwarded-Host</c>.</summary>
    Host,

    /// <summary><c>X-Forwarded-Port</c>: passed on from trusted proxies, never made (Host has the port).</summary>
    Port,

    /// <summary><c>Forwarded</c> (RFC 7239).</summary>
    Forwarded,
}

/// <summary>The names of <see cref="ForwardedHeader"/>.</summary>
internal static class ForwardedHeaderNames
{
    /// <summary>How many there are.</summary>
    public const int Count = 5;

    private const string Family = "X-Forwarded-";
    private const string RealIp = "X-Real-IP";

    private static readonly string[] Names = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "Forwarded"];

    /// <summary>The header's name.</summary>
    public static string Name(ForwardedHeader header) => Names[(int)header];

    /// <summary>Finds which of the headers <paramref name="name"/> is, whatever its case.</summary>
    public static bool TryFind(ReadOnlySpan<byte> name, out ForwardedHeader header)
    {
        header = default;
        // The length alone rules out nearly every header of a request.
        if (name.Length is not (9 or 15 or 16 or 17))
            return false;

        for (var i = 0; i < Names.Length; i++)
        {
            if (name.Length == Names[i].Length && System.Text.Ascii.EqualsIgnoreCase(name, Names[i]))
            {
                header = (ForwardedHeader)i;
                return true;
            }
        }

        return false;
    }

    /// <summary>True for any <c>X-Forwarded-…</c>, such as <c>-Prefix</c> and <c>-Ssl</c>, and for <c>X-Real-IP</c>: services believe them too.</summary>
    public static bool IsOfFamily(ReadOnlySpan<byte> name) =>
        (name.Length > Family.Length && System.Text.Ascii.EqualsIgnoreCase(name[..Family.Length], Family))
        || System.Text.Ascii.EqualsIgnoreCase(name, RealIp);

    /// <inheritdoc cref="IsOfFamily(ReadOnlySpan{byte})"/>
    public static bool IsOfFamily(string name) =>
        name.StartsWith(Family, StringComparison.OrdinalIgnoreCase) || name.Equals(RealIp, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc cref="TryFind(ReadOnlySpan{byte}, out ForwardedHeader)"/>
    public static bool TryFind(string name, out ForwardedHeader header)
    {
        header = default;
        for (var i = 0; i < Names.Length; i++)
        {
            if (name.Equals(Names[i], StringComparison.OrdinalIgnoreCase))
            {
                header = (ForwardedHeader)i;
                return true;
            }
        }

        return false;
    }
}
