using Microsoft.Extensions.Logging;

namespace Pico.Server.Auth.Issuers;

/// <summary>
/// Everybody whose tokens a port accepts: (1) who signs with the keys of the port's own options, (2) the issuers with a name. A token is its issuer's whose key verifies it; one that no key verifies is
/// tried again when the keys were read again, each issuer by itself, so that one whose keys cannot be reached holds up nobody else's.
/// </summary>
internal sealed class IssuerSet : IAsyncDisposable
{
    private readonly (KeyRing Keys, TokenVerifier Verifier)[] _issuers;

    /// <summary>Reads nothing yet; <paramref name="prefix"/> is the options' prefix, such as <c>upstream.auth</c>.</summary>
    public IssuerSet(
        TokenAuthOptions options, IReadOnlyList<IssuerOptions> named, Func<CancellationToken, Task<string>>? platformKeys, string prefix, TimeProvider time, ILogger logger)
    {
        var issuers = new List<(KeyRing, TokenVerifier)>();
        if (options.IsEnabled || named.Count == 0)
            Add(new KeyRing(options, prefix, time, logger), options, null); // 1
        foreach (var issuer in named) // 2
        {
            var keys = new KeyRing(issuer.Tokens, $"{prefix}.issuers[{issuer.Name}]", time, logger, issuer.HasPlatformKeys ? platformKeys : null);
            Add(keys, issuer.Tokens, issuer);
        }

        _issuers = [.. issuers];

        void Add(KeyRing keys, TokenAuthOptions rules, IssuerOptions? issuer) => issuers.Add((keys, new TokenVerifier(rules, keys, time, issuer)));
    }

    /// <summary>Another number whenever an issuer has other keys.</summary>
    public int KeysVersion
    {
        get
        {
            var version = 0;
            foreach (var (keys, _) in _issuers)
                version += keys.Version;
            return version;
        }
    }

    /// <summary>Reads the keys. Throws <see cref="FormatException"/> that names the option when one is wrong.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => Task.WhenAll(_issuers.Select(i => i.Keys.StartAsync(cancellationToken)));

    /// <summary>Verifies a token (without <c>Bearer</c>).</summary>
    public async ValueTask<TokenResult> VerifyAsync(string token, CancellationToken cancellationToken)
    {
        var versions = Array.ConvertAll(_issuers, static i => i.Keys.Version);
        TokenResult? failure = null;
        foreach (var (_, verifier) in _issuers)
        {
            var result = await verifier.TryVerifyAsync(token);
            if (result.IsValid)
                return result;
            failure = failure is { } other ? MoreTelling(other, result) : result;
        }

        if (!failure!.Value.IsKeyMissing)
            return failure.Value;
        await foreach (var again in Task.WhenEach(_issuers.Select((_, i) => TryAgainAsync(i))).WithCancellation(cancellationToken))
        {
            if (await again is not { } result)
                continue;
            if (result.IsValid)
                return result;
            failure = MoreTelling(failure.Value, result);
        }

        return failure.Value;

        async Task<TokenResult?> TryAgainAsync(int index)
        {
            var (keys, verifier) = _issuers[index];
            return await keys.TryRefreshAsync(versions[index], cancellationToken) ? await verifier.TryVerifyAsync(token) : null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var (keys, _) in _issuers)
            await keys.DisposeAsync();
    }

    // Whose key verified it knows more of the token than whose key did not, and he more than who has no such key.
    private static TokenResult MoreTelling(TokenResult one, TokenResult other) => Rank(other) > Rank(one) ? other : one;

    private static int Rank(TokenResult result) => result.Failure switch
    {
        TokenFailure.Algorithm => 0,
        TokenFailure.UnknownKey => 1,
        TokenFailure.Signature => 2,
        _ => 3,
    };
}
