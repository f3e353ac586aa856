using Microsoft.Extensions.Logging;
using Pico.Agent.Dialing;
using Pico.Agent.Endpoints;
using Pico.Agent.Forwarding;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Agent.Tunnels;

/// <summary>The agent's tunnels to one server: as many slots as are asked for, and every session that lives, also those that are being left.</summary>
internal sealed partial class TunnelSet(
    AgentOptions options, ITunnelDialer dialer, EndpointTable table, StreamForwarder forwarder, Readiness readiness, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan LongestPatience = TimeSpan.FromDays(1);

    private readonly string _agentId = Guid.NewGuid().ToString("N");
    private readonly HeldNodes _nodes = new();
    private readonly Lock _lock = new();
    private readonly List<TunnelSession> _sessions = [];
    private readonly List<Task> _finishing = [];
    private CancellationToken _stop;

    /// <summary>Every tunnel that lives.</summary>
    public TunnelSession[] Sessions
    {
        get
        {
            lock (_lock)
                return [.. _sessions];
        }
    }

    /// <summary>What became of those that there were.</summary>
    public TunnelStatistics Statistics { get; } = new();

    /// <summary>How often streams waited for window, of all tunnels that there were.</summary>
    public long WindowWaits => Statistics.WindowWaits + Sessions.Sum(static s => s.Tunnel.WindowWaits);

    /// <inheritdoc cref="ITunnelDialer.ReadCredentialAsync"/>
    public Task<Credential> ReadCredentialAsync(CancellationToken cancellationToken) => dialer.ReadCredentialAsync(cancellationToken);

    /// <summary>Holds the tunnels until <paramref name="stop"/>, then leaves them all in order, within the grace period.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _stop = stop;
        var slots = new Task[options.Connections];
        for (var i = 0; i < slots.Length; i++)
        {
            var backoff = new ReconnectBackoff(options.ReconnectMinDelay, options.ReconnectMaxDelay, Random.Shared.NextDouble);
            var slot = new TunnelSlot(this, backoff, time, logger);
            slots[i] = slot.RunAsync(stop);
            // One after the other, so that each can say which nodes are held.
            await Task.WhenAny(slot.FirstTry, slots[i]).ConfigureAwait(false);
        }

        await Task.WhenAll(slots).ConfigureAwait(false);
        foreach (var session in Sessions)
            Finish(session, "the agent stops");
        Task[] finishing;
        lock (_lock)
            finishing = [.. _finishing];
        await Task.WhenAll(finishing).ConfigureAwait(false);
    }

    /// <summary>Dials and handshakes; the session registers from then on. Throws <see cref="TunnelException"/>.</summary>
    public async Task<(TunnelSession Session, bool IsDuplicate)> ConnectAsync(Credential credential, bool acceptsDuplicate, bool isMoving, CancellationToken cancellationToken)
    {
        var dialed = await dialer.DialAsync(credential, cancellationToken).ConfigureAwait(false);
        var hello = new TunnelHello
        {
            Id = _agentId,
            Name = options.Name,
            Software = AgentVersion.Software,
            HeldNodes = _nodes.Snapshot(),
            AcceptsDuplicate = acceptsDuplicate,
            IsMoving = isMoving,
        };
        var session = await TunnelSession.ConnectAsync(dialed, hello, table, forwarder, time, logger, cancellationToken).ConfigureAwait(false);
        var node = session.Tunnel.Remote.Id;
        // Two slots may have reached the same node at the same time; it could not know.
        if (!_nodes.TryHold(node, acceptsDuplicate, out var isDuplicate))
        {
            await session.Tunnel.CloseAsync(TunnelError.Duplicate, "this agent just opened another tunnel to this node").ConfigureAwait(false);
            throw new TunnelException(TunnelError.Duplicate, $"a tunnel to node {node} was just opened");
        }

        lock (_lock)
            _sessions.Add(session);
        session.Start();
        Statistics.CountOpened();
        LogConnected(node, session.Tunnel.RemoteAddress);
        _ = FollowAsync(session);
        return (session, isDuplicate);
    }

    /// <summary>
    /// The node asked to be left. What drains or failed may come back under the same name, and is welcome then; only a node that wants
    /// the tunnel elsewhere stays held, so that it is elsewhere.
    /// </summary>
    public void Leave(TunnelSession session, TunnelEnd reason)
    {
        if (reason.Error != TunnelError.Rebalance && session.TryGiveUpNode())
            _nodes.Release(session.Tunnel.Remote.Id);
    }

    /// <summary>Leaves the tunnel in order; <see cref="RunAsync"/> waits for it.</summary>
    public void Finish(TunnelSession session, string reason)
    {
        lock (_lock)
        {
            _finishing.RemoveAll(t => t.IsCompleted);
            _finishing.Add(FinishAsync(session, reason));
        }
    }

    private async Task FinishAsync(TunnelSession session, string reason)
    {
        using var patience = new CancellationTokenSource(Patience(session), time);
        await using var stopping = _stop.UnsafeRegister(_ => patience.CancelAfter(options.GracePeriod), null).ConfigureAwait(false);
        if (await session.FinishAsync(reason, patience.Token).ConfigureAwait(false) is > 0 and var cut)
            LogCut(session.Tunnel.Remote.Id, cut);
    }

    /// <summary>
    /// A tunnel that was left for a new token may serve its streams for as long as the old token would have let it, so that long ones outlive rotations; one that
    /// moves for as long as they last, since its node goes on.
    /// </summary>
    private TimeSpan Patience(TunnelSession session)
    {
        if (session.IsMoving)
            return LongestPatience;
        if (!session.IsOutdated)
            return options.GracePeriod;
        var left = session.Expires is { } expires ? expires - time.GetUtcNow() : LongestPatience;
        return options.GracePeriod + TimeSpan.FromTicks(Math.Clamp(left.Ticks, 0, LongestPatience.Ticks));
    }

    private async Task FollowAsync(TunnelSession session)
    {
        var first = await Task.WhenAny(session.Registrar.FirstPass, session.Tunnel.Completion).ConfigureAwait(false);
        if (first == session.Registrar.FirstPass && session.Registrar.Count > 0)
            readiness.SetReady();
        var end = await session.Tunnel.Completion.ConfigureAwait(false);
        lock (_lock)
            _sessions.Remove(session);
        Statistics.CountEnded(session.Tunnel, end.Error);
        if (session.TryGiveUpNode())
            _nodes.Release(session.Tunnel.Remote.Id);
        LogEnded(session.Tunnel.Remote.Id, end.Error, end.Message);
    }

    [LoggerMessage(3321, LogLevel.Information, "Tunnel to node {Node} at {Address} is up")]
    private partial void LogConnected(string node, string address);

    [LoggerMessage(3322, LogLevel.Information, "Tunnel to node {Node} is over ({Error}: {Reason})")]
    private partial void LogEnded(string node, TunnelError error, string reason);

    [LoggerMessage(3323, LogLevel.Warning, "{Count} streams of the tunnel to node {Node} did not finish in time and were cut")]
    private partial void LogCut(string node, int count);
}
