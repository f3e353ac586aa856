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
        var keys = await ReadAsync(cancellationToken);
        _failure = null;
        if (keys is null)
            return false;
        _keys = keys;
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

    /// <summary>Gives the keys, or null when nothing has changed since the last call that succeeded.</summary>
    protected abstract Task<IReadOnlyList<SecurityKey>?> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>Keys given as text: read once.</summary>
internal sealed class TextKeySource(string name, Func<IReadOnlyList<SecurityKey>> parse) : KeySource(name)
{
    public override bool CanChange => false;

    protected override Task<IReadOnlyList<SecurityKey>?> ReadAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<SecurityKey>?>(parse());
}

/// <summary>Keys in a file, read again when its content changes (also through the symbolic links of a mounted Secret).</summary>
internal sealed class FileKeySource(string name, string path, Func<string, IReadOnlyList<SecurityKey>> parse) : KeySource(name)
{
    private string? _content;

    public override bool CanChange => true;

    protected override async Task<IReadOnlyList<SecurityKey>?> ReadAsync(CancellationToken cancellationToken)
    {
        var content = await File.ReadAllTextAsync(path, cancellationToken);
        if (content == _content)
            return null;
        var keys = parse(content);
        _content = content;
        return keys;
    }
}

/// <summary>A JSON Web Key Set behind a URL.</summary>
internal sealed class UrlKeySource(string name, Uri url, HttpClient client) : KeySource(name)
{
    private string? _content;

    public override TimeSpan Interval => TimeSpan.FromMinutes(5);

    public override TimeSpan LeastInterval => TimeSpan.FromSeconds(10);

    public override bool CanChange => true;

    protected override async Task<IReadOnlyList<SecurityKey>?> ReadAsync(CancellationToken cancellationToken)
    {
        var content = await client.GetStringAsync(url, cancellationToken);
        if (content == _content)
            return null;
        var keys = KeyParser.Jwks(content);
        _content = content;
        return keys;
    }
}
