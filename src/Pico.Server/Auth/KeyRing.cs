using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace Pico.Server.Auth;

/// <summary>
/// The keys of all sources. Sources are read at start, again at their own <see cref="KeySource.Interval"/>, and when a token needs a key that is not
/// known, at a limited rate. A source that fails keeps its last good keys.
/// </summary>
internal sealed class KeyRing : IAsyncDisposable
{
    /// <summary>How often it is looked for sources that are due.</summary>
    public static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(10);

    /// <summary>The JWKS document may have at most this many bytes.</summary>
    private const int MaxJwksSize = 1024 * 1024;

    private readonly KeySource[] _sources;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpClient? _client;
    private readonly ITimer _timer;
    private readonly Lock _access = new();
    private Task _refresh = Task.CompletedTask; // under _access
    private int _version;

    /// <summary>
    /// Builds the ring; <paramref name="prefix"/> is the options' prefix for logs, such as <c>upstream.auth</c>. <paramref name="platformKeys"/> gives one more JSON Web Key Set.
    /// </summary>
    public KeyRing(TokenAuthOptions options, string prefix, TimeProvider time, ILogger logger, Func<CancellationToken, Task<string>>? platformKeys = null)
    {
        _time = time;
        _logger = logger;
        var sources = new List<KeySource>();
        if (options.Secret.Length > 0)
            sources.Add(new TextKeySource($"--{prefix}.secret", () => [KeyParser.Secret(options.Secret)]));
        if (options.PublicKey.Length > 0)
            sources.Add(new TextKeySource($"--{prefix}.public-key", () => KeyParser.Pem(options.PublicKey)));
        sources.AddRange(options.SecretFiles.Select(f => new FileKeySource($"--{prefix}.secret-files ({f})", f, (text, _) => [KeyParser.Secret(text)])));
        sources.AddRange(options.PublicKeyFiles.Select(f => new FileKeySource($"--{prefix}.public-key-files ({f})", f, (text, _) => KeyParser.Pem(text))));
        if (options.JwksFile.Length > 0)
            sources.Add(new FileKeySource($"--{prefix}.jwks-file ({options.JwksFile})", options.JwksFile, KeyParser.Jwks));
        if (options.JwksUrl.Length > 0)
        {
            var (client, url) = (_client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MaxJwksSize }, new Uri(options.JwksUrl));
            sources.Add(new RemoteKeySource($"--{prefix}.jwks-url ({options.JwksUrl})", stop => client.GetStringAsync(url, stop), time));
        }

        if (platformKeys is not null)
            sources.Add(new RemoteKeySource($"--{prefix} (this cluster's keys)", platformKeys, time));

        _sources = [.. sources];
        // With slack: a timer that is early by a moment, or a reading on demand just before, must not put the next one off by a whole interval.
        _timer = time.CreateTimer(_ => BeginRefresh(source => source.Interval - (RefreshInterval / 2)), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Another number whenever there are other keys. Whoever reads it before <see cref="Find"/> knows that what was found is not older.</summary>
    public int Version => Volatile.Read(ref _version);

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
                await source.RefreshAsync(_time.GetTimestamp(), cancellationToken);
                LogLoaded(source);
            }
            catch (Exception e) when (source is not RemoteKeySource && e is FormatException or IOException or UnauthorizedAccessException)
            {
                throw new FormatException($"{source.Name}: {e.Message}", e);
            }
            catch (Exception e) when (source is RemoteKeySource && !cancellationToken.IsCancellationRequested)
            {
                AuthLog.KeysNotLoaded(_logger, source.Name, e.Message);
            }
        }

        if (_sources.Any(s => s.CanChange))
            _timer.Change(RefreshInterval, RefreshInterval);
    }

    /// <summary>The keys that may verify a token: those that fit the algorithm, and the key ID if the token and the key have one.</summary>
    public IReadOnlyList<SecurityKey> Find(string algorithm, string? keyId)
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

    /// <summary>
    /// Reads the sources again, for a token that none of the keys of <paramref name="version"/> verifies, if their limits allow it
    /// (<see cref="KeySource.LeastInterval"/>); who comes meanwhile shares it. True when there are other keys than those.
    /// </summary>
    public async ValueTask<bool> TryRefreshAsync(int version, CancellationToken cancellationToken)
    {
        await BeginRefresh(source => source.LeastInterval).WaitAsync(cancellationToken);
        return Version != version;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        _client?.Dispose();
    }

    /// <summary>Gives the refresh that is under way, or reads the sources that can change and were not read for the time that <paramref name="interval"/> gives.</summary>
    private Task BeginRefresh(Func<KeySource, TimeSpan> interval)
    {
        lock (_access)
        {
            if (_refresh.IsCompleted)
                _refresh = Task.WhenAll(_sources.Where(s => s.CanChange && _time.GetElapsedTime(s.ReadAt) >= interval(s)).Select(RefreshAsync));
            return _refresh;
        }
    }

    private async Task RefreshAsync(KeySource source)
    {
        try
        {
            if (!await source.RefreshAsync(_time.GetTimestamp(), CancellationToken.None))
                return;
            Interlocked.Increment(ref _version); // now that the keys are there
            LogLoaded(source);
        }
        catch (Exception e) when (source.IsNews(e))
        {
            AuthLog.KeysNotLoaded(_logger, source.Name, e.Message);
        }
        catch (Exception)
        {
            // It was said before.
        }
    }

    private void LogLoaded(KeySource source)
    {
        AuthLog.KeysLoaded(_logger, source.Name, source.Keys.Count);
        foreach (var skipped in source.Skipped)
            AuthLog.KeySkipped(_logger, source.Name, skipped);
    }
}
