using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Pico.Tunnel.Protocol;

/// <summary>
/// The name traffic is sent to: a DNS label (RFC 1035 with the digits of RFC 1123), <c>[a-z0-9]([-a-z0-9]*[a-z0-9])?</c>,
/// at most 63 characters, compared without case and kept in lower case.
/// </summary>
public static class EndpointId
{
    /// <summary>The greatest length of an endpoint ID, in characters.</summary>
    public const int MaxLength = 63;

    /// <summary>The rule in words, for messages.</summary>
    public const string Rule = "1 to 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit";

    private static readonly SearchValues<char> LabelChars =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

    /// <summary>True if <paramref name="text"/> is an endpoint ID in either case.</summary>
    public static bool IsValid(ReadOnlySpan<char> text) =>
        text.Length is > 0 and <= MaxLength && text[0] != '-' && text[^1] != '-' && !text.ContainsAnyExcept(LabelChars);

    /// <summary>Gives the endpoint ID in lower case, or false if <paramref name="text"/> is none.</summary>
    public static bool TryNormalize(string text, [NotNullWhen(true)] out string? endpointId)
    {
        ArgumentNullException.ThrowIfNull(text);
        endpointId = IsValid(text) ? text.ToLowerInvariant() : null;
        return endpointId is not null;
    }
}
