using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace Pico.Server.Auth;

/// <summary>
/// The keys of all sources. Sources are read at start, again every <see cref="RefreshInterval"/>, and when a token names a key that is not
/// known, at most every <see cref="MinRefreshInterval"/>. A source that fails keeps its last good keys.
/// </summary>
internal sealed class KeyRing : IAsyncDisposable
{
    /// <summary>How often sources are looked at for changes.</summary>
    public static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(10);

    /// <summary>How often tokens with unknown keys may cause a look: strangers make such tokens at will.</summary>
    public static readonly TimeSpan MinRefreshInterval = TimeSpan.FromSeconds(5);

    /// <summary>The JWKS document may have at most this many bytes.</summary>
    private const int MaxJwksSize = 1024 * 1024;

    private readonly KeySource[] _sources;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpClient? _client;
    private readonly ITimer _timer;
    private readonly Lock _access = new();
    private Task _refresh = Task.CompletedTask; // under _access
    private long _lastRefresh; // under _access

    /// <summary>Builds the ring; <paramref name="prefix"/> is the options' prefix for logs, such as <c>upstream.auth</c>.</summary>
    public KeyRing(TokenAuthOptions options, string prefix, TimeProvider time, ILogger logger)
    {
        _time = time;
        _logger = logger;
        var sources = new List<KeySource>();
        if (options.Secret.Length > 0)
            sources.Add(new TextKeySource($"--{prefix}.secret", () => [KeyParser.Secret(options.Secret)]));
        if (options.PublicKey.Length > 0)
            sources.Add(new TextKeySource($"--{prefix}.public-key", () => KeyParser.Pem(options.PublicKey)));
        sources.AddRange(options.SecretFiles.Select(f => new FileKeySource($"--{prefix}.secret-files ({f})", f, text => [KeyParser.Secret(text)])));
        sources.AddRange(options.PublicKeyFiles.Select(f => new FileKeySource($"--{prefix}.public-key-files ({f})", f, KeyParser.Pem)));
        if (options.JwksFile.Length > 0)
            sources.Add(new FileKeySource($"--{prefix}.jwks-file ({options.JwksFile})", options.JwksFile, KeyParser.Jwks));
        if (options.JwksUrl.Length > 0)
        {
            _client = new HttpClient { Timeout = TimeSpan.FromSeconds(10), MaxResponseContentBufferSize = MaxJwksSize };
            sources.Add(new UrlKeySource($"--{prefix}.jwks-url ({options.JwksUrl})", new Uri(options.JwksUrl), _client));
        }

        _sources = [.. sources];
        _timer = time.CreateTimer(_ => _ = RefreshAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// Reads all sources for the first time. Throws <see cref="FormatException"/> or <see cref="IOException"/> when one that is on this machine is wrong; a URL
    /// may be down at start and is tried again.
    /// </summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var source in _sources)
        {
            try
            {
                await source.RefreshAsync(cancellationToken);
                AuthLog.KeysLoaded(_logger, source.Name, source.Keys.Count);
            }
            catch (Exception e) when (source is not UrlKeySource && e is FormatException or IOException or UnauthorizedAccessException)
            {
                throw new FormatException($"{source.Name}: {e.Message}", e);
            }
            catch (Exception e) when (source is UrlKeySource && !cancellationToken.IsCancellationRequested)
            {
                AuthLog.KeysNotLoaded(_logger, source.Name, e.Message);
            }
        }

        if (_sources.Any(s => s.CanChange))
            _timer.Change(RefreshInterval, RefreshInterval);
    }

    /// <summary>
    /// The keys that may verify a token: those that fit the algorithm, and the key ID if the token and the key have one. When none does, the sources are
    /// read again first, at a limited rate.
    /// </summary>
    public async ValueTask<IReadOnlyList<SecurityKey>> FindAsync(string algorithm, string? keyId, CancellationToken cancellationToken)
    {
        var found = Find(algorithm, keyId);
        if (found.Count == 0 && BeginRefresh(MinRefreshInterval) is { } refresh)
        {
            await refresh.WaitAsync(cancellationToken);
            found = Find(algorithm, keyId);
        }

        return found;
    }

    /// <summary>Reads every source that can change; who comes while that goes on shares it. Never throws.</summary>
    public Task RefreshAsync() => BeginRefresh(TimeSpan.Zero)!;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        _client?.Dispose();
    }

    /// <summary>Gives the refresh that is under way, or begins one when the last began at least <paramref name="minimum"/> ago; else null.</summary>
    private Task? BeginRefresh(TimeSpan minimum)
    {
        lock (_access)
        {
            if (!_refresh.IsCompleted)
                return _refresh;
            if (_time.GetElapsedTime(_lastRefresh) < minimum)
                return null;
            _lastRefresh = _time.GetTimestamp();
            return _refresh = Task.WhenAll(_sources.Where(s => s.CanChange).Select(RefreshAsync));
        }
    }

    private async Task RefreshAsync(KeySource source)
    {
        try
        {
            if (await source.RefreshAsync(CancellationToken.None))
                AuthLog.KeysLoaded(_logger, source.Name, source.Keys.Count);
        }
        catch (Exception e)
        {
            AuthLog.KeysNotLoaded(_logger, source.Name, e.Message);
        }
    }

    private List<SecurityKey> Find(string algorithm, string? keyId)
    {
        var found = new List<SecurityKey>();
        foreach (var source in _sources)
        {
            foreach (var key in source.Keys)
            {
                var sameId = string.IsNullOrEmpty(keyId) || string.IsNullOrEmpty(key.KeyId) || key.KeyId == keyId;
                if (sameId && TokenAlgorithm.Fits(key, algorithm))
                    found.Add(key);
            }
        }

        return found;
    }
}
