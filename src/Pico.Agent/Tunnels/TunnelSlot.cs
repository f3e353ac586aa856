using Microsoft.Extensions.Logging;
using Pico.Agent.Dialing;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Agent.Tunnels;

/// <summary>
/// Holds one of the agent's tunnels, for ever. (1) Connect; a node that is held already refuses, and after a few such refusals a second tunnel
/// to it is accepted, unless it is the node that wants one moved elsewhere. (2) Once its endpoints are registered, leave the tunnel that it
/// replaces. (3) Hold it until it ends, until the node asks to be left or there is a new token (the old tunnel serves on until its replacement is registered: make before break), or until, each minute, a second tunnel to the
/// same node can be exchanged for one to another. (4) Whatever failed: wait (<see cref="ReconnectBackoff"/>), and again.
/// </summary>
internal sealed partial class TunnelSlot
{
    /// <summary>So many refusals as a duplicate in a row, and a second tunnel to the same node is taken.</summary>
    private const int DuplicatesBeforeAcceptance = 3;

    /// <summary>A tunnel that moves is refused by nodes that have many themselves; so often in a row, and any other node will do.</summary>
    private const int FullBeforeAcceptance = 5;

    private static readonly TimeSpan DistinctProbeInterval = TimeSpan.FromMinutes(1);

    /// <summary>A tunnel that held for less counts as a failed try.</summary>
    private static readonly TimeSpan LastingAfter = TimeSpan.FromSeconds(10);

    /// <summary>How long the old tunnel waits for the new one's registrations.</summary>
    private static readonly TimeSpan RegistrationWait = TimeSpan.FromSeconds(30);

    /// <summary>How long the old tunnel serves on beside the new one's registrations: other nodes hear of those within a second, and know of the old ones only until then.</summary>
    private static readonly TimeSpan NoticeTime = TimeSpan.FromSeconds(1);

    private readonly TunnelSet _set;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RepeatedMessage _failure;
    private readonly ReconnectBackoff _backoff;
    private readonly TaskCompletionSource _firstTry = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _duplicates;
    private int _full;
    private TimeSpan _pause;
    private TunnelSession? _leaving;
    private Credential? _tried;

    public TunnelSlot(TunnelSet set, ReconnectBackoff backoff, TimeProvider time, ILogger logger)
    {
        _set = set;
        _time = time;
        _logger = logger;
        _failure = new RepeatedMessage(time);
        _backoff = backoff;
    }

    /// <summary>Completes when the first try to connect is over, whether there is a tunnel or not.</summary>
    public Task FirstTry => _firstTry.Task;

    /// <summary>Completes when <paramref name="stop"/> is asked for; the sessions are then the set's to finish.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await HoldAsync(stop).ConfigureAwait(false);
            }
            catch (Exception failure) when (!stop.IsCancellationRequested)
            {
                await WaitAsync(Report(failure, _backoff.Next(failure)), stop).ConfigureAwait(false);
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                // Asked for; a tunnel that is lost at that moment is over too.
            }
        }
    }

    private async Task WaitAsync(TimeSpan delay, CancellationToken stop)
    {
        try
        {
            await Task.Delay(delay, _time, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Asked for.
        }
    }

    private async Task HoldAsync(CancellationToken stop)
    {
        await PauseAsync(stop).ConfigureAwait(false);
        var (session, isDuplicate) = await ConnectAsync(stop).ConfigureAwait(false); // (1)
        _failure.Clear();
        while (true)
        {
            if (_leaving is { } left)
            {
                await LeaveAsync(left, session, stop).ConfigureAwait(false); // (2)
                _leaving = null;
            }

            var end = await WaitAsync(session, isDuplicate ? DistinctProbeInterval : Timeout.InfiniteTimeSpan, stop).ConfigureAwait(false); // (3)
            if (end is not null)
                throw new TunnelLostException(end, _time.GetUtcNow() - session.Since >= LastingAfter); // (4)
            if (await TryConnectDistinctAsync(stop).ConfigureAwait(false) is not { } distinct)
                continue;
            _leaving = session;
            (session, isDuplicate) = (distinct, false);
        }
    }

    private async Task<(TunnelSession Session, bool IsDuplicate)> ConnectAsync(CancellationToken stop)
    {
        try
        {
            var isMoving = _leaving is { IsMoving: true };
            _tried = await _set.ReadCredentialAsync(stop).ConfigureAwait(false);
            var connected = await _set.ConnectAsync(
                _tried, acceptsDuplicate: !isMoving && _duplicates >= DuplicatesBeforeAcceptance, isMoving: isMoving && _full < FullBeforeAcceptance, stop).ConfigureAwait(false);
            (_duplicates, _full) = (0, 0);
            return connected;
        }
        catch (TunnelException e) when (e.Error == TunnelError.Duplicate)
        {
            _duplicates++;
            throw;
        }
        catch (TunnelException e) when (e.Error == TunnelError.Rebalance)
        {
            _full++;
            throw;
        }
        finally
        {
            _firstTry.TrySetResult();
        }
    }

    private async Task<TunnelSession?> TryConnectDistinctAsync(CancellationToken stop)
    {
        try
        {
            var credential = await _set.ReadCredentialAsync(stop).ConfigureAwait(false);
            return (await _set.ConnectAsync(credential, acceptsDuplicate: false, isMoving: false, stop).ConfigureAwait(false)).Session;
        }
        catch (TunnelException e)
        {
            LogNoDistinct(e.Message);
            return null;
        }
    }

    /// <summary>Gives how the tunnel ended or why it must be left; null when the time is up.</summary>
    private async Task<TunnelEnd?> WaitAsync(TunnelSession session, TimeSpan time, CancellationToken stop)
    {
        try
        {
            var end = await session.NeedsReplacement.WaitAsync(time, _time, stop).ConfigureAwait(false);
            if (!session.Tunnel.Completion.IsCompleted)
            {
                if (_leaving is { } older)
                    _set.Finish(older, "left twice");
                _leaving = session;
                _set.Leave(session, end);
                LogLeaving(session.Tunnel.Remote.Id, end.Error, end.Message);
            }

            return end;
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private async Task LeaveAsync(TunnelSession left, TunnelSession replacement, CancellationToken stop)
    {
        try
        {
            await Task.WhenAny(replacement.Registrar.FirstPass, replacement.Tunnel.Completion)
                .WaitAsync(RegistrationWait, _time, stop).ConfigureAwait(false);
            await left.Tunnel.Completion.WaitAsync(NoticeTime, _time, stop).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It has had its time.
        }

        _set.Finish(left, "replaced by another tunnel");
    }

    private TimeSpan Report(Exception failure, TimeSpan delay)
    {
        var kind = failure switch
        {
            TunnelException e => e.Error.ToString(),
            TunnelLostException => "lost",
            _ => failure.GetType().Name,
        };
        if (failure is not TunnelLostException)
            _set.Statistics.CountFailed(failure is TunnelException { Error: var error } ? error : TunnelError.Internal);
        if (failure is TunnelException { Error: TunnelError.Duplicate or TunnelError.Rebalance })
            LogNotThere(failure.Message);
        else if (failure is TunnelLostException && _leaving is not null)
            LogReplacing(delay.TotalSeconds);
        else if (!_failure.ShouldSay(kind))
            LogFailedAgain(failure.Message, delay.TotalSeconds);
        else if (IsRejected(failure))
            LogRejected(failure.Message, delay.TotalSeconds);
        else
            LogFailed(failure.Message, delay.TotalSeconds);
        if (!IsRejected(failure))
            return delay;
        _pause = delay;
        return TimeSpan.Zero;
    }

    private static bool IsRejected(Exception failure) => failure is TunnelException { Error: TunnelError.Unauthorized or TunnelError.TokenExpired };

    /// <summary>After a rejection: a long while, or until there is another credential than the rejected one; there may be one already.</summary>
    private async Task PauseAsync(CancellationToken stop)
    {
        var pause = _pause;
        _pause = TimeSpan.Zero;
        if (pause == TimeSpan.Zero)
            return;
        try
        {
            await _tried!.Replaced.WaitAsync(pause, _time, stop).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Once more, with the one that is there.
        }
    }

    [LoggerMessage(3311, LogLevel.Warning, "No tunnel: {Reason}. Next try in {Seconds:0.0} s.")]
    private partial void LogFailed(string reason, double seconds);

    [LoggerMessage(3312, LogLevel.Debug, "Still no tunnel: {Reason}. Next try in {Seconds:0.0} s.")]
    private partial void LogFailedAgain(string reason, double seconds);

    [LoggerMessage(3313, LogLevel.Error, "The credential is rejected: {Reason}. Next try, with the token read again, in {Seconds:0} s, or when there is another.")]
    private partial void LogRejected(string reason, double seconds);

    [LoggerMessage(3314, LogLevel.Debug, "Another node is needed: {Reason}")]
    private partial void LogNotThere(string reason);

    [LoggerMessage(3315, LogLevel.Information, "The tunnel to node {Node} is to be replaced ({Error}: {Reason})")]
    private partial void LogLeaving(string node, TunnelError error, string reason);

    [LoggerMessage(3316, LogLevel.Debug, "Connecting to another node in {Seconds:0.0} s")]
    private partial void LogReplacing(double seconds);

    [LoggerMessage(3317, LogLevel.Debug, "There is still no other node: {Reason}")]
    private partial void LogNoDistinct(string reason);
}
