using Microsoft.Extensions.Logging;
using Pico.Tunnel;

namespace Pico.Agent.Dialing;

/// <summary>
/// The credential for the server: a token that was given, or a file that is read at every connect and, by <see cref="WatchAsync"/>, every few seconds. By polling alone:
/// the file may be a link that leads through another link to a folder that is not watched (Kubernetes replaces <c>..data</c>).
/// </summary>
internal sealed partial class CredentialSource(string token, string file, TimeProvider time, ILogger logger) : IDisposable
{
    /// <summary>How often the file is looked at.</summary>
    public static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(5);

    /// <summary>A token that has so little time left, and no successor in the file, is worth a warning.</summary>
    public static readonly TimeSpan WarnBefore = TimeSpan.FromMinutes(1);

    private readonly TokenSource _file = new(file);

    // Held while reading, so that what was read later is never taken for older.
    private readonly SemaphoreSlim _reading = new(1);
    private volatile Credential _current = new(token);
    private readonly RepeatedMessage _unreadable = new(time);
    private Credential? _warned;

    /// <summary>What was read last.</summary>
    public Credential Current => _current;

    /// <summary>Reads the credential as it is now. Throws <see cref="TunnelException"/> when the file has none.</summary>
    public async Task<Credential> ReadAsync(CancellationToken cancellationToken)
    {
        if (file.Length == 0)
            return _current;

        await _reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var read = await _file.ReadAsync(cancellationToken).ConfigureAwait(false);
            var former = _current;
            if (read == former.Token)
                return former;
            _current = new Credential(read);
            if (former.Token.Length > 0)
                LogReplaced(file, _current.Expires);
            former.Replace();
            return _current;
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>Follows the file until <paramref name="stop"/>.</summary>
    public async Task WatchAsync(CancellationToken stop)
    {
        if (file.Length == 0)
            return;
        try
        {
            while (true)
            {
                await Task.Delay(PollInterval, time, stop).ConfigureAwait(false);
                await LookAsync(stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // Asked for.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _reading.Dispose();

    private async Task LookAsync(CancellationToken stop)
    {
        try
        {
            var current = await ReadAsync(stop).ConfigureAwait(false);
            _unreadable.Clear();
            if (current.Expires is not { } expires || expires - time.GetUtcNow() >= WarnBefore || _warned == current)
                return;
            _warned = current;
            LogExpires(file, expires);
        }
        catch (TunnelException e)
        {
            if (_unreadable.ShouldSay(e.Message))
                LogUnreadable(e.Message);
        }
    }

    [LoggerMessage(3111, LogLevel.Information, "{File} has a new token (it expires {Expires:u}); the tunnels are replaced")]
    private partial void LogReplaced(string file, DateTimeOffset? expires);

    [LoggerMessage(3112, LogLevel.Warning, "The token in {File} expires at {Expires:u} and there is no newer one; without one the server ends the tunnels")]
    private partial void LogExpires(string file, DateTimeOffset expires);

    [LoggerMessage(3113, LogLevel.Error, "No new credential can be read, the one before stays in use: {Reason}")]
    private partial void LogUnreadable(string reason);
}
