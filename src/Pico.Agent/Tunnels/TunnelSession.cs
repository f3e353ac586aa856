using Microsoft.Extensions.Logging;
using Pico.Agent.Dialing;
using Pico.Agent.Endpoints;
using Pico.Agent.Forwarding;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Agent.Tunnels;

/// <summary>One tunnel from its handshake to its end: its registrations, the streams that the node opens, and how it is left.</summary>
internal sealed class TunnelSession : ITunnelHandler
{
    /// <summary>Over how much time agents replace their tunnels when a credential that they share is replaced; half of what is left of its life, if that is less.</summary>
    private static readonly TimeSpan LongestSpread = TimeSpan.FromSeconds(15);

    private readonly StreamForwarder _forwarder;
    private readonly RunningStreams _running = new();
    private readonly Credential _credential;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _leaving = new();
    private readonly TaskCompletionSource<TunnelEnd> _goAway = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Registrar _registrar = null!;
    private Task _registration = Task.CompletedTask;
    private int _finishing;
    private int _nodeGivenUp;

    private TunnelSession(StreamForwarder forwarder, Credential credential, TimeProvider time)
    {
        _forwarder = forwarder;
        _credential = credential;
        _time = time;
    }

    /// <summary>The tunnel itself.</summary>
    public TunnelConnection Tunnel { get; private set; } = null!;

    /// <summary>When it was established.</summary>
    public DateTimeOffset Since { get; private set; }

    /// <summary>
    /// Completes with the reason when another tunnel is needed: this one ended, the node asks to be left, or it was opened with a credential that is replaced by now.
    /// </summary>
    public Task<TunnelEnd> NeedsReplacement { get; private set; } = null!;

    /// <summary>True if it was opened with a credential that is replaced by now.</summary>
    public bool IsOutdated => _credential.Replaced.IsCompleted;

    /// <summary>True if the node, which goes on, wants it moved to another: there is no haste.</summary>
    public bool IsMoving => _goAway.Task is { IsCompletedSuccessfully: true, Result.Error: TunnelError.Rebalance } && !Tunnel.Completion.IsCompleted;

    /// <summary>The node will end it by then; null if that is not known.</summary>
    public DateTimeOffset? Expires => _credential.Expires;

    /// <summary>What is registered on it.</summary>
    public Registrar Registrar => _registrar;

    /// <summary>Handshakes; throws <see cref="TunnelException"/> when the node does not admit this agent. Nothing is registered before <see cref="Start"/>.</summary>
    public static async Task<TunnelSession> ConnectAsync(
        DialedTransport dialed, TunnelHello hello, EndpointTable table, StreamForwarder forwarder, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var session = new TunnelSession(forwarder, dialed.Credential, time);
        session.Tunnel = await TunnelConnection
            .ConnectAsync(dialed.Transport, hello, session, DialedTunnels.Options, time, logger, cancellationToken).ConfigureAwait(false);
        session._registrar = new Registrar(session.Tunnel, table, time, logger);
        session.Since = time.GetUtcNow();
        return session;
    }

    /// <summary>Begins to serve and to register.</summary>
    public void Start()
    {
        Tunnel.Start();
        NeedsReplacement = WhenNeedsReplacementAsync();
        _registration = RegisterAsync();
    }

    /// <summary>
    /// Leaves in order: withdraws every registration, waits for the node to confirm, lets the streams finish until <paramref name="patience"/> is over, and
    /// closes. Never throws; a second call does nothing. Gives the number of streams that had to be cut.
    /// </summary>
    public async Task<int> FinishAsync(string reason, CancellationToken patience)
    {
        if (Interlocked.Exchange(ref _finishing, 1) != 0)
            return 0;
        var cut = 0;
        try
        {
            _leaving.SetResult();
            await _registration.ConfigureAwait(false);
            await _registrar.WithdrawAllAsync(patience).ConfigureAwait(false);
            Tunnel.GoAway(TunnelError.None, reason);
            await Tunnel.WhenIdleAsync(patience).ConfigureAwait(false);
            await _running.WhenNoneAsync(patience).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or TunnelException)
        {
            cut = _running.Count;
        }

        await Tunnel.CloseAsync(TunnelError.None, reason).ConfigureAwait(false);
        return cut;
    }

    /// <summary>True once: whoever gets it takes the node off those that are held.</summary>
    public bool TryGiveUpNode() => Interlocked.Exchange(ref _nodeGivenUp, 1) == 0;

    /// <inheritdoc/>
    public void OnOpen(TunnelStream stream, StreamOpen open)
    {
        if (_registrar.Find(open.RegistrationId) is { } endpoint)
            _forwarder.Forward(stream, endpoint, _running);
        else
            stream.Refuse(StreamError.UnknownEndpoint, $"registration {open.RegistrationId} does not exist");
    }

    /// <inheritdoc/>
    public void OnRegister(TunnelConnection tunnel, Registration registration) =>
        tunnel.AnswerRegistration(registration.Id, "an agent takes no registrations");

    /// <inheritdoc/>
    public void OnDeregister(TunnelConnection tunnel, uint registrationId)
    {
        // Nothing was ever registered by the node.
    }

    /// <inheritdoc/>
    public void OnRegistrationEnded(TunnelConnection tunnel, uint registrationId, string reason) => _registrar.NoteEnded(registrationId, reason);

    /// <inheritdoc/>
    public void OnGoAway(TunnelConnection tunnel, TunnelError reason, string message) => _goAway.TrySetResult(new TunnelEnd(reason, message));

    private async Task<TunnelEnd> WhenNeedsReplacementAsync()
    {
        using var over = new CancellationTokenSource();
        var end = await Task.WhenAny(Tunnel.Completion, _goAway.Task, WhenOutdatedAsync(over.Token)).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        return await end.ConfigureAwait(false);
    }

    /// <summary>The credential was replaced, and a random while has passed, so that agents that share it do not all come back at once.</summary>
    private async Task<TunnelEnd> WhenOutdatedAsync(CancellationToken over)
    {
        await _credential.Replaced.WaitAsync(over).ConfigureAwait(false);
        var spread = _credential.Expires is { } expires && expires - _time.GetUtcNow() < 2 * LongestSpread ? (expires - _time.GetUtcNow()) / 2 : LongestSpread;
        if (spread > TimeSpan.Zero)
            await Task.Delay(spread * Random.Shared.NextDouble(), _time, over).ConfigureAwait(false);
        return new TunnelEnd(TunnelError.None, "there is a new token");
    }

    private async Task RegisterAsync()
    {
        using var stop = new CancellationTokenSource();
        var registering = _registrar.RunAsync(stop.Token);
        await Task.WhenAny(registering, Tunnel.Completion, _leaving.Task).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        try
        {
            await registering.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Left, or over.
        }
        catch (Exception e)
        {
            await Tunnel.CloseAsync((e as TunnelException)?.Error ?? TunnelError.Internal, e.Message).ConfigureAwait(false);
        }
    }
}
