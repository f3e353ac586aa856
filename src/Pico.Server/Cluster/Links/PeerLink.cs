using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Cluster.Links;

/// <summary>
/// The link by which this node opens streams at another: dialled when it is first needed, and held from then on.
/// <code>
///   idle ─first open─▶ dialling ─▶ connected ─lost─▶ dialling …
///                         └─failed─▶ down for a growing, random while ─▶ dialling
/// </code>
/// Each of two nodes has its own link to the other, and opens streams on that only. A link that is told to go is replaced at once, and closed when its last
/// stream has ended.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "It has no timer and is linked to nothing.")]
internal sealed partial class PeerLink : ITunnelHandler
{
    private readonly string _nodeId;
    private readonly Func<ITunnelHandler, CancellationToken, Task<TunnelConnection>> _dial;
    private readonly ClusterMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously); // the same for those who wait for it too
    private readonly Lock _changing = new();

    // Written under _changing; the volatile ones are read by anyone.
    private volatile TunnelConnection? _current;
    private volatile bool _down;
    private volatile TaskCompletionSource<TunnelConnection>? _attempt; // the one under way
    private long _attemptBegan; // its timestamp
    private TaskCompletionSource? _replace; // completes when the current connection is to be replaced
    private StreamException? _failure; // why the last attempt failed
    private bool _isHeld;
    private Task _finishing = Task.CompletedTask; // of the last connection

    /// <param name="nodeId">The other node.</param>
    /// <param name="dial">Makes a connection to it, not started.</param>
    /// <param name="metrics">What counts it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where it logs.</param>
    public PeerLink(
        string nodeId, Func<ITunnelHandler, CancellationToken, Task<TunnelConnection>> dial, ClusterMetrics metrics, TimeProvider time, ILogger<PeerLink> logger) =>
        (_nodeId, _dial, _metrics, _time, _logger) = (nodeId, dial, metrics, time, logger);

    /// <summary>True while the node is known not to answer.</summary>
    public bool IsDown => _down;

    /// <summary>True while the node is dialled for longer than a node that answers takes: others are to be preferred.</summary>
    public bool IsHesitating => _attempt is not null && _time.GetElapsedTime(Volatile.Read(ref _attemptBegan)) > LinkOptions.UsualHandshake;

    /// <summary>Completes when the link was left and its last connection is closed.</summary>
    public Task Closed => _over.IsCancellationRequested ? Volatile.Read(ref _finishing) : _left.Task;

    /// <summary>The connection, if there is one now.</summary>
    public TunnelConnection? Current => _current;

    /// <summary>
    /// Opens a stream at the other node, over a link that is dialled first if there is none. Throws <see cref="StreamException"/>, as
    /// <see cref="TunnelConnection.OpenAsync"/>; <see cref="StreamError.TunnelLost"/> when there is no link to be had, or the node goes down before it has answered: where it was cut
    /// off, the connection itself hangs for longer.
    /// </summary>
    public async ValueTask<TunnelStream> OpenAsync(StreamOpen open, CancellationToken cancellationToken)
    {
        var link = _current is { IsOpen: true } current ? current : await NextAsync().WaitAsync(cancellationToken);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _over.Token);
        try
        {
            return await link.OpenAsync(open, either.Token);
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Gone();
        }
    }

    /// <summary>Nothing is opened any more, and nothing dialled; the link closes when its last stream has ended.</summary>
    public void Leave()
    {
        lock (_changing)
        {
            if (_over.IsCancellationRequested)
                return;
            _down = true;
        }

        _over.Cancel();
        _left.TrySetResult();
    }

    /// <inheritdoc/>
    public void OnOpen(TunnelStream stream, StreamOpen open) =>
        stream.Refuse(StreamError.ProtocolError, "A node opens streams on the link that it has dialled itself.");

    /// <inheritdoc/>
    public void OnRegister(TunnelConnection tunnel, Registration registration) =>
        tunnel.AnswerRegistration(registration.Id, "Nothing can be registered on a peer link.");

    /// <inheritdoc/>
    public void OnDeregister(TunnelConnection tunnel, uint registrationId)
    {
        // Nothing was ever registered.
    }

    /// <inheritdoc/>
    public void OnGoAway(TunnelConnection tunnel, TunnelError reason, string message)
    {
        lock (_changing)
        {
            if (_current == tunnel)
                _replace?.TrySetResult();
        }
    }

    private StreamException Gone() => new(StreamError.TunnelLost, $"the node {_nodeId} is gone");

    /// <summary>The connection that there is, or will be; fails when there is none to wait for.</summary>
    private Task<TunnelConnection> NextAsync()
    {
        lock (_changing)
        {
            if (_over.IsCancellationRequested)
                return Task.FromException<TunnelConnection>(Gone());
            if (_current is { IsOpen: true } link)
                return Task.FromResult(link);
            if (_attempt is { } attempt)
                return attempt.Task;
            if (_isHeld && _current is null)
                return Task.FromException<TunnelConnection>(_failure!); // it has just failed, and rests

            attempt = BeginAttempt();
            if (_isHeld)
                _replace?.TrySetResult(); // out of stream IDs
            else
                _ = HoldAsync();
            _isHeld = true;
            return attempt.Task;
        }
    }

    private async Task HoldAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        for (var failures = 0; !_over.IsCancellationRequested;)
        {
            try
            {
                var link = await _dial(this, _over.Token);
                failures = 0;
                await UseAsync(link);
            }
            catch (OperationCanceledException) when (_over.IsCancellationRequested)
            {
                break;
            }
            catch (Exception exception)
            {
                Fail(exception, ++failures);
                await RestAsync(failures);
            }
        }

        lock (_changing)
            EndAttempt(Gone());
    }

    /// <summary>Returns when the link has to be replaced.</summary>
    private async Task UseAsync(TunnelConnection link)
    {
        var replace = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var since = _time.GetTimestamp();
        link.Start();
        lock (_changing)
        {
            (_current, _replace, _down) = (link, replace, false);
            _attempt?.TrySetResult(link);
            _attempt = null;
        }

        _metrics.LinkDialed();
        LogConnected(_nodeId, link.RemoteAddress);
        var end = Task.WhenAny(link.Completion, replace.Task, _left.Task);
        Volatile.Write(ref _finishing, FinishAsync(link, end));
        await end;
        lock (_changing)
        {
            (_current, _replace) = (null, null);
            _down = true; // until the next one is there
            if (_attempt is null && !_over.IsCancellationRequested)
                BeginAttempt();
        }

        // A node that accepts and closes at once is not dialled in a circle.
        if (!_left.Task.IsCompleted && _time.GetElapsedTime(since) < LinkOptions.MinBackOff)
            await RestAsync(failures: 1);
    }

    /// <summary>Closes the link when it was left or replaced, and its last stream has ended.</summary>
    private async Task FinishAsync(TunnelConnection link, Task used)
    {
        await used;
        await Task.WhenAny(link.Completion, link.WhenIdleAsync(CancellationToken.None));
        await link.DisposeAsync();
        var end = await link.Completion;
        LogEnded(_nodeId, end.Error, end.Message);
    }

    private void Fail(Exception exception, int failures)
    {
        var failure = new StreamException(StreamError.TunnelLost, $"the node {_nodeId} cannot be reached: {exception.Message}", exception);
        lock (_changing)
        {
            _down = true;
            EndAttempt(failure);
        }

        _metrics.LinkFailed(exception);
        if (failures == 1)
            LogFailed(_nodeId, exception.Message);
        else
            LogFailedAgain(_nodeId, failures, exception.Message);
    }

    private async Task RestAsync(int failures)
    {
        var longest = Math.Min(LinkOptions.MinBackOff.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 10)), LinkOptions.MaxBackOff.TotalMilliseconds);
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(longest * (0.5 + (Random.Shared.NextDouble() / 2))), _time, _over.Token);
        }
        catch (OperationCanceledException)
        {
            return; // left meanwhile
        }

        lock (_changing)
        {
            if (_attempt is null)
                BeginAttempt();
        }
    }

    /// <summary>With the lock held.</summary>
    private TaskCompletionSource<TunnelConnection> BeginAttempt()
    {
        Volatile.Write(ref _attemptBegan, _time.GetTimestamp());
        return _attempt = new TaskCompletionSource<TunnelConnection>(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>With the lock held.</summary>
    private void EndAttempt(StreamException failure)
    {
        _failure = failure;
        if (_attempt is null)
            return;
        _attempt.TrySetException(failure);
        _ = _attempt.Task.Exception; // seen, though nobody may have waited
        _attempt = null;
    }

    [LoggerMessage(2601, LogLevel.Information, "Peer link to {Node} at {Address} is up.")]
    private partial void LogConnected(string node, string address);

    [LoggerMessage(2602, LogLevel.Information, "A peer link to {Node} ended: {Reason}. {Message}")]
    private partial void LogEnded(string node, TunnelError reason, string message);

    [LoggerMessage(2603, LogLevel.Warning, "No peer link to {Node}: {Reason}")]
    private partial void LogFailed(string node, string reason);

    [LoggerMessage(2604, LogLevel.Debug, "Still no peer link to {Node} after {Tries} tries: {Reason}")]
    private partial void LogFailedAgain(string node, int tries, string reason);
}
