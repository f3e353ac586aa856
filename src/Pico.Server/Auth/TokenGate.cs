using Microsoft.Extensions.Logging;

namespace Pico.Server.Auth;

/// <summary>Asks for tokens on one port: its keys, and the verification by them.</summary>
internal sealed class TokenGate : IAsyncDisposable
{
    private const string Scheme = "Bearer ";

    private readonly KeyRing _keys;
    private readonly TokenVerifier _verifier;

    /// <summary>Builds the gate; <paramref name="prefix"/> is the options' prefix, such as <c>upstream.auth</c>.</summary>
    public TokenGate(TokenAuthOptions options, string prefix, TimeProvider time, ILogger logger)
    {
        IsEnabled = options.IsEnabled;
        _keys = new KeyRing(options, prefix, time, logger);
        _verifier = new TokenVerifier(options, _keys, time);
    }

    /// <summary>True if the port asks for a token. Else everybody may enter, and do everything.</summary>
    public bool IsEnabled { get; }

    /// <summary>Reads the keys. Throws <see cref="FormatException"/> that names the option when one is wrong.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => _keys.StartAsync(cancellationToken);

    /// <summary>Verifies the value of an <c>Authorization</c> field (RFC 6750, section 2.1).</summary>
    public ValueTask<TokenResult> VerifyAsync(string? authorization, CancellationToken cancellationToken)
    {
        var isBearer = authorization is not null && authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);
        return _verifier.VerifyAsync(isBearer ? authorization![Scheme.Length..].Trim() : null, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _keys.DisposeAsync();
}
