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
    private readonly StreamForwarder _forwarder;
    private readonly RunningStreams _running = new();
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _leaving = new();
    private readonly TaskCompletionSource<TunnelEnd> _goAway = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Registrar _registrar = null!;
    private Task _registration = Task.CompletedTask;
    private int _finishing;
    private int _nodeGivenUp;

    private TunnelSession(StreamForwarder forwarder, TimeProvider time)
    {
        _forwarder = forwarder;
        _time = time;
    }

    /// <summary>The tunnel itself.</summary>
    public TunnelConnection Tunnel { get; private set; } = null!;

    /// <summary>When it was established.</summary>
    public DateTimeOffset Since { get; private set; }

    /// <summary>Completes when the node asks to be left.</summary>
    public Task<TunnelEnd> GoAway => _goAway.Task;

    /// <summary>What is registered on it.</summary>
    public Registrar Registrar => _registrar;

    /// <summary>Handshakes; throws <see cref="TunnelException"/> when the node does not admit this agent. Nothing is registered before <see cref="Start"/>.</summary>
    public static async Task<TunnelSession> ConnectAsync(
        TunnelTransport transport, TunnelHello hello, EndpointTable table, StreamForwarder forwarder, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var session = new TunnelSession(forwarder, time);
        session.Tunnel = await TunnelConnection
            .ConnectAsync(transport, hello, session, DialedTunnels.Options, time, logger, cancellationToken).ConfigureAwait(false);
        session._registrar = new Registrar(session.Tunnel, table, time, logger);
        session.Since = time.GetUtcNow();
        return session;
    }

    /// <summary>Begins to serve and to register.</summary>
    public void Start()
    {
        Tunnel.Start();
        _registration = RegisterAsync();
    }

    /// <summary>
    /// Leaves in order: withdraws every registration, waits for the node to confirm, lets the streams finish within <paramref name="grace"/>, and
    /// closes. Never throws; a second call does nothing. Gives the number of streams that had to be cut.
    /// </summary>
    public async Task<int> FinishAsync(TimeSpan grace, string reason)
    {
        if (Interlocked.Exchange(ref _finishing, 1) != 0)
            return 0;
        var cut = 0;
        using var timeout = new CancellationTokenSource(grace, _time);
        try
        {
            _leaving.SetResult();
            await _registration.ConfigureAwait(false);
            await _registrar.WithdrawAllAsync(timeout.Token).ConfigureAwait(false);
            Tunnel.GoAway(TunnelError.None, reason);
            await Tunnel.WhenIdleAsync(timeout.Token).ConfigureAwait(false);
            await _running.WhenNoneAsync(timeout.Token).ConfigureAwait(false);
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
    public void OnGoAway(TunnelConnection tunnel, TunnelError reason, string message) => _goAway.TrySetResult(new TunnelEnd(reason, message));

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
