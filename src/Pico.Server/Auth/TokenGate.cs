using System.Text;
using Microsoft.Extensions.Logging;
using Pico.Server.Auth.Issuers;

namespace Pico.Server.Auth;

/// <summary>Asks for tokens on one port: its keys, the verification by them, and what was verified lately.</summary>
internal sealed class TokenGate : IAsyncDisposable
{
    private static ReadOnlySpan<byte> Scheme => "Bearer "u8;

    private readonly IssuerSet _issuers;
    private readonly TokenCache _cache;
    private readonly long[] _refused = new long[Enum.GetValues<TokenFailure>().Length];

    /// <summary>Builds the gate; <paramref name="prefix"/> is the options' prefix, such as <c>upstream.auth</c>.</summary>
    public TokenGate(
        TokenAuthOptions options, string prefix, TimeProvider time, ILogger logger, IReadOnlyList<IssuerOptions>? issuers = null, Func<CancellationToken, Task<string>>? platformKeys = null)
    {
        IsEnabled = options.IsEnabled || issuers is { Count: > 0 };
        _issuers = new IssuerSet(options, issuers ?? [], platformKeys, prefix, time, logger);
        _cache = new TokenCache((issuers ?? []).Select(i => i.Tokens.ClockSkew).Append(options.ClockSkew).Min(), time);
    }

    /// <summary>True if the port asks for a token. Else everybody may enter, and do everything.</summary>
    public bool IsEnabled { get; }

    /// <summary>How often somebody was refused for that reason.</summary>
    public long Refused(TokenFailure failure) => Volatile.Read(ref _refused[(int)failure]);

    /// <summary>Counts a refusal, and gives it.</summary>
    public TokenResult Count(TokenResult refused)
    {
        Interlocked.Increment(ref _refused[(int)refused.Failure]);
        return refused;
    }

    /// <summary>Reads the keys. Throws <see cref="FormatException"/> that names the option when one is wrong.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => _issuers.StartAsync(cancellationToken);

    /// <summary>
    /// The token in the value of an <c>Authorization</c> field (RFC 6750, section 2.1) if it was verified lately and is still good; else null, and
    /// <see cref="VerifyAsync(string, CancellationToken)"/> is to judge. Allocates nothing.
    /// </summary>
    public VerifiedToken? Find(ReadOnlySpan<byte> authorization)
    {
        var token = TokenOf(authorization);
        return token.IsEmpty ? null : _cache.Find(token, _issuers.KeysVersion);
    }

    /// <summary>Verifies the value of an <c>Authorization</c> field; null or empty is <see cref="TokenFailure.Missing"/>.</summary>
    public async ValueTask<TokenResult> VerifyAsync(string? authorization, CancellationToken cancellationToken)
    {
        var token = Encoding.UTF8.GetString(TokenOf(Encoding.UTF8.GetBytes(authorization ?? "")));
        var keysVersion = _issuers.KeysVersion;
        var result = await _issuers.VerifyAsync(token, cancellationToken);
        if (!result.IsValid)
            return Count(result);
        _cache.Add(Encoding.UTF8.GetBytes(token), result.Token, keysVersion);
        return result;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _issuers.DisposeAsync();

    private static ReadOnlySpan<byte> TokenOf(ReadOnlySpan<byte> authorization) =>
        authorization.Length > Scheme.Length && Ascii.EqualsIgnoreCase(authorization[..Scheme.Length], Scheme)
            ? authorization[Scheme.Length..].Trim((byte)' ')
            : default;
}
