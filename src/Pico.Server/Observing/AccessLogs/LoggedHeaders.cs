using System.Text;

namespace Pico.Server.Observing.AccessLogs;

/// <summary>The headers that are logged, by their names in any case; and which of them carry secrets.</summary>
internal sealed class LoggedHeaders
{
    private static readonly string[] Secrets =
    [
        "authorization", "proxy-authorization", "x-pico-authorization", "cookie", "set-cookie", "www-authenticate", "authentication-info", "x-api-key",
        "x-auth-token", "x-csrf-token", "x-amz-security-token", "x-forwarded-access-token",
    ];

    private readonly byte[][] _names;
    private readonly bool[] _secret;

    public LoggedHeaders(IReadOnlyList<string> names)
    {
        _names = [.. names.Select(n => Encoding.ASCII.GetBytes(n.Trim().ToLowerInvariant()))];
        _secret = [.. names.Select(n => Secrets.Contains(n.Trim(), StringComparer.OrdinalIgnoreCase))];
    }

    /// <summary>True if none is logged.</summary>
    public bool IsEmpty => _names.Length == 0;

    /// <summary>The name, in lower case, of one of the headers.</summary>
    public ReadOnlySpan<byte> this[int index] => _names[index];

    /// <summary>True if the header's value must not be logged: that it was there is all that is.</summary>
    public bool IsSecret(int index) => _secret[index];

    /// <summary>Which of the headers <paramref name="name"/> is; -1 if it is not logged.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        for (var i = 0; i < _names.Length; i++)
        {
            if (_names[i].Length == name.Length && Ascii.EqualsIgnoreCase(_names[i], name))
                return i;
        }

        return -1;
    }
}
