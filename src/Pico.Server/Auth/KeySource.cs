using Microsoft.IdentityModel.Tokens;

namespace Pico.Server.Auth;

/// <summary>One place that verification keys come from, with the last good ones. Read by one caller at a time.</summary>
internal abstract class KeySource(string name)
{
    private volatile IReadOnlyList<SecurityKey> _keys = [];
    private string? _failure;

    /// <summary>For logs: the option and the file or URL; never a key.</summary>
    public string Name { get; } = name;

    /// <summary>The keys that are in force.</summary>
    public IReadOnlyList<SecurityKey> Keys => _keys;

    /// <summary>What the source has beside them that cannot be used, in words.</summary>
    public IReadOnlyList<string> Skipped { get; private set; } = [];

    /// <summary>True if the source can have new keys.</summary>
    public abstract bool CanChange { get; }

    /// <summary>How often it is read for changes.</summary>
    public virtual TimeSpan Interval => TimeSpan.FromSeconds(10);

    /// <summary>How often tokens with unknown keys may cause it to be read: strangers make such tokens at will.</summary>
    public virtual TimeSpan LeastInterval => TimeSpan.FromSeconds(5);

    /// <summary>The timestamp of the last time it was read.</summary>
    public long ReadAt { get; private set; }

    /// <summary>
    /// Reads the source again; true when there are new keys. Throws what reading throws: the last good keys stay in force.
    /// </summary>
    public async Task<bool> RefreshAsync(long now, CancellationToken cancellationToken)
    {
        ReadAt = now;
        var skipped = new List<string>();
        var keys = await ReadAsync(skipped, cancellationToken);
        _failure = null;
        if (keys is null)
            return false;
        _keys = keys;
        Skipped = skipped;
        return true;
    }

    /// <summary>True unless reading failed for the same reason the last time.</summary>
    public bool IsNews(Exception failure)
    {
        if (failure.Message == _failure)
            return false;
        _failure = failure.Message;
        return true;
    }

    /// <summary>Gives the keys, or null when nothing has changed since the last call that succeeded; <paramref name="skipped"/> takes what cannot be used.</summary>
    protected abstract Task<IReadOnlyList<SecurityKey>?> ReadAsync(ICollection<string> skipped, CancellationToken cancellationToken);
}

/// <summary>Keys given as text: read once.</summary>
internal sealed class TextKeySource(string name, Func<IReadOnlyList<SecurityKey>> parse) : KeySource(name)
{
    public override bool CanChange => false;

    protected override Task<IReadOnlyList<SecurityKey>?> ReadAsync(ICollection<string> skipped, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<SecurityKey>?>(parse());
}

/// <summary>Keys in a file, read again when its content changes (also through the symbolic links of a mounted Secret).</summary>
internal sealed class FileKeySource(string name, string path, Func<string, ICollection<string>, IReadOnlyList<SecurityKey>> parse) : KeySource(name)
{
    private string? _content;

    public override bool CanChange => true;

    protected override async Task<IReadOnlyList<SecurityKey>?> ReadAsync(ICollection<string> skipped, CancellationToken cancellationToken)
    {
        var content = await File.ReadAllTextAsync(path, cancellationToken);
        if (content == _content)
            return null;
        var keys = parse(content, skipped);
        _content = content;
        return keys;
    }
}

/// <summary>A JSON Web Key Set that is fetched from elsewhere: a URL, the API server of a cluster.</summary>
internal sealed class RemoteKeySource(string name, Func<CancellationToken, Task<string>> fetch, TimeProvider time) : KeySource(name)
{
    private static readonly TimeSpan FetchTimeout = TimeSpan.FromSeconds(10);

    private string? _content;

    public override TimeSpan Interval => TimeSpan.FromMinutes(5);

    public override TimeSpan LeastInterval => TimeSpan.FromSeconds(10);

    public override bool CanChange => true;

    protected override async Task<IReadOnlyList<SecurityKey>?> ReadAsync(ICollection<string> skipped, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(FetchTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        string content;
        try
        {
            content = await fetch(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"there was no answer within {FetchTimeout.TotalSeconds} s");
        }

        if (content == _content)
            return null;
        var keys = KeyParser.Jwks(content, skipped);
        _content = content;
        return keys;
    }
}
