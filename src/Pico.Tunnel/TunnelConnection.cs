using Microsoft.Extensions.Logging;
using Pico.Tunnel.Connections;
using Pico.Tunnel.Protocol;

namespace Pico.Tunnel;

/// <summary>How a tunnel ended: who failed and why, in words for people.</summary>
public sealed record TunnelEnd(TunnelError Error, string Message);

/// <summary>
/// One connection that carries registrations and many streams (docs/protocol.md). The agent is its client, the node its server;
/// on peer links both open streams.
/// </summary>
/// <remarks>
/// <code>
///  OpenAsync, stream writes ──▶ TunnelSender (gate, batch) ──▶ one loop ──▶ transport
///  stream.Input ◀── StreamInput ◀── reader loop (TunnelConnection.Frames.cs) ◀── transport
/// </code>
/// Order of an end: no new streams, every stream fails, GO_AWAY is sent, the transport closes, both loops return, <see cref="Completion"/>.
/// </remarks>
public sealed partial class TunnelConnection : IAsyncDisposable
{
    private readonly TunnelTransport _transport;
    private readonly FrameReceiver _receiver;
    private readonly ITunnelHandler _handler;
    private readonly TunnelOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly KeepAlive _keepAlive;
    private readonly Registrations _registrations;
    private readonly TaskCompletionSource<TunnelEnd> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _timer;
    private Task _reading = Task.CompletedTask;
    private Task _sending = Task.CompletedTask;
    private int _ending;

    private TunnelConnection(
        TunnelTransport transport, FrameReceiver receiver, bool isClient, TunnelHello remote, ITunnelHandler handler, TunnelOptions options, TimeProvider time, ILogger logger)
    {
        (_transport, _receiver, _handler, _options, _time, _logger) = (transport, receiver, handler, options, time, logger);
        Remote = remote;
        Sender = new TunnelSender(transport, time);
        _registrations = new Registrations(options.MaxRegistrations);
        _budget = options.SharedBudget ?? new Streams.ReceiveBudget(options.ReceiveBudget);
        _nextId = isClient ? 1u : 2u;
        long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);
        _keepAlive = new KeepAlive(Ticks(options.PingInterval), Ticks(options.PingTimeout), Ticks(TimeSpan.FromMilliseconds(500)), time.GetTimestamp());
    }

    /// <summary>What the peer said of itself.</summary>
    public TunnelHello Remote { get; }

    /// <summary>The peer's address.</summary>
    public string RemoteAddress => _transport.RemoteAddress;

    /// <summary>Completes (never faults) when the tunnel is over and every stream of it has been told.</summary>
    public Task<TunnelEnd> Completion => _completion.Task;

    /// <summary>The shortest recent round trip; zero until one was measured.</summary>
    public TimeSpan RoundTripTime => TimeSpan.FromSeconds((double)_keepAlive.RoundTrip / _time.TimestampFrequency);

    /// <summary>Payload bytes of DATA frames received and sent so far.</summary>
    public (long Received, long Sent) Bytes => (Volatile.Read(ref _dataReceived), Sender.DataSent);

    /// <summary>How often a stream had to wait with what it had to send, since the peer had not taken what was sent before (its window was used up).</summary>
    public long WindowWaits => Sender.WindowWaits;

    internal TunnelSender Sender { get; }

    /// <summary>
    /// The client's side of the handshake: sends <paramref name="hello"/>, waits for the server's. Throws <see cref="TunnelException"/> when
    /// the server does not admit this client (<see cref="TunnelError.Draining"/>, <see cref="TunnelError.Duplicate"/>, …) or the handshake fails.
    /// Takes ownership of <paramref name="transport"/>. Frames are read from the moment that <see cref="Start"/> is called.
    /// </summary>
    public static Task<TunnelConnection> ConnectAsync(
        TunnelTransport transport, TunnelHello hello, ITunnelHandler handler, TunnelOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        return ShakeAsync(transport, options, time, async receiver =>
        {
            await Handshake.SendHelloAsync(transport, hello);
            var remote = await Handshake.ReceiveHelloAsync(receiver);
            return new TunnelConnection(transport, receiver, isClient: true, remote, handler, options, time, logger);
        }, cancellationToken);
    }

    /// <summary>
    /// The server's side of the handshake: waits for the client's HELLO, asks <paramref name="admit"/>, and sends <paramref name="hello"/>, or
    /// GO_AWAY with what <paramref name="admit"/> gave as the reason not to (then it throws <see cref="TunnelException"/> with the same).
    /// </summary>
    public static Task<TunnelConnection> AcceptAsync(
        TunnelTransport transport, TunnelHello hello, Func<TunnelHello, TunnelEnd?> admit, ITunnelHandler handler, TunnelOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        return ShakeAsync(transport, options, time, async receiver =>
        {
            try
            {
                var remote = await Handshake.ReceiveHelloAsync(receiver);
                if (admit(remote) is { } refusal)
                    throw new TunnelException(refusal.Error, refusal.Message);
                await Handshake.SendHelloAsync(transport, hello);
                return new TunnelConnection(transport, receiver, isClient: false, remote, handler, options, time, logger);
            }
            catch (TunnelException e) when (e.Error < TunnelError.TransportLost)
            {
                await Handshake.RefuseAsync(transport, receiver, new TunnelEnd(e.Error, e.Message), options.CloseTimeout);
                throw;
            }
        }, cancellationToken);
    }

    /// <summary>Begins to read frames and to call the handler.</summary>
    public void Start()
    {
        _sending = SendAsync();
        _reading = ReadAsync();
        lock (Sender.Gate)
            Ping(_time.GetTimestamp());
        _timer = _time.CreateTimer(static state => ((TunnelConnection)state!).CheckAlive(), this, _options.PingInterval, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Registers an endpoint and waits for the answer: null when it was accepted, else the reason in words for people.</summary>
    public Task<string?> RegisterAsync(Registration registration, CancellationToken cancellationToken)
    {
        Span<byte> payload = stackalloc byte[128];
        var length = MessageCodec.WriteRegister(payload, registration);
        return AskAsync(FrameType.Register, registration.Id, payload[..length], cancellationToken);
    }

    /// <summary>Withdraws a registration; completes when the peer has confirmed that it opens no more streams for it.</summary>
    public Task DeregisterAsync(uint registrationId, CancellationToken cancellationToken) =>
        AskAsync(FrameType.Deregister, registrationId, [], cancellationToken);

    /// <summary>Answers <see cref="ITunnelHandler.OnRegister"/>; <paramref name="refusal"/> null accepts. A refused registration never existed.</summary>
    public void AnswerRegistration(uint registrationId, string? refusal)
    {
        lock (Sender.Gate)
        {
            if (refusal is null)
            {
                Sender.AppendControl(FrameType.Registered, registrationId, []);
                return;
            }

            _registrations.RemoveFromPeer(registrationId);
            Span<byte> payload = stackalloc byte[MessageCodec.MaxMessage + 16];
            var length = MessageCodec.WriteReason(payload, 0, refusal);
            Sender.AppendControl(FrameType.RegisterRefused, registrationId, payload[..length]);
        }
    }

    /// <summary>Ends a registration of the peer that was accepted, and says why: as a refusal that comes late.</summary>
    public void EndRegistration(uint registrationId, string reason) => AnswerRegistration(registrationId, reason);

    /// <summary>Tells the peer to open nothing more here; open streams live on. Idempotent.</summary>
    public void GoAway(TunnelError reason, string message)
    {
        lock (Sender.Gate)
        {
            if (_sentGoAway)
                return;
            _sentGoAway = true;
            AppendGoAway(reason, message);
        }
    }

    /// <summary>Sends GO_AWAY with the reason, closes in order within <see cref="TunnelOptions.FlushTimeout"/> and <see cref="TunnelOptions.CloseTimeout"/>, and ends every stream. Idempotent.</summary>
    public async ValueTask CloseAsync(TunnelError reason, string message)
    {
        BeginEnd(reason == TunnelError.None ? new TunnelEnd(TunnelError.Disposed, message) : new TunnelEnd(reason, message), sayWhy: true);
        await Completion;
    }

    /// <summary><see cref="CloseAsync"/> with <see cref="TunnelError.None"/>.</summary>
    public ValueTask DisposeAsync() => CloseAsync(TunnelError.None, "closed");

    private static async Task<TunnelConnection> ShakeAsync(
        TunnelTransport transport, TunnelOptions options, TimeProvider time, Func<FrameReceiver, Task<TunnelConnection>> shake, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(options.HandshakeTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var aborted = either.Token.UnsafeRegister(static state => ((TunnelTransport)state!).Abort(), transport);
        var receiver = new FrameReceiver(transport, options.KeepsReceiveBuffer);
        try
        {
            return await shake(receiver);
        }
        catch (Exception e)
        {
            transport.Abort();
            await transport.DisposeAsync();
            receiver.Release(); // agents are refused all the time, where they look for another node
            cancellationToken.ThrowIfCancellationRequested();
            if (deadline.IsCancellationRequested)
                throw new TunnelException(TunnelError.HandshakeTimeout, $"the handshake took longer than {options.HandshakeTimeout.TotalSeconds:0.#} s", e);
            if (e is TunnelException)
                throw;
            throw new TunnelException(TunnelError.TransportLost, e.Message, e);
        }
        finally
        {
            await aborted.DisposeAsync();
        }
    }

    private async Task<string?> AnswerAsync(Task<string?> answer, CancellationToken cancellationToken)
    {
        try
        {
            return await answer.WaitAsync(_options.OpenTimeout, _time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new TunnelException(TunnelError.PingTimeout, $"the peer did not answer a registration within {_options.OpenTimeout.TotalSeconds:0.#} s", e);
        }
    }

    private Task<string?> AskAsync(FrameType type, uint id, ReadOnlySpan<byte> payload, CancellationToken cancellationToken)
    {
        lock (Sender.Gate)
        {
            if (_ending != 0)
                throw new TunnelException(TunnelError.Disposed, "the tunnel is over");
            var answer = type == FrameType.Register ? _registrations.BeginRegister(id) : _registrations.BeginDeregister(id);
            Sender.AppendControl(type, id, payload);
            return AnswerAsync(answer, cancellationToken);
        }
    }

    /// <summary>With the gate held.</summary>
    private void AppendGoAway(TunnelError reason, string message)
    {
        Span<byte> payload = stackalloc byte[MessageCodec.MaxMessage + 16];
        var length = MessageCodec.WriteReason(payload, (ushort)reason, message);
        Sender.AppendControl(FrameType.GoAway, 0, payload[..length]);
    }

    private void CheckAlive()
    {
        bool timedOut;
        long now, next;
        lock (Sender.Gate)
        {
            now = _time.GetTimestamp();
            (var ping, timedOut, next) = _keepAlive.Check(now);
            if (ping)
                Ping(now);
        }

        if (timedOut)
            BeginEnd(new TunnelEnd(TunnelError.PingTimeout, $"the peer was silent for more than {_options.PingTimeout.TotalSeconds:0.#} s"), sayWhy: false);
        else
            _timer?.Change(_time.GetElapsedTime(now, next) + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }

    private async Task SendAsync()
    {
        try
        {
            await Sender.RunAsync();
        }
        catch (Exception e)
        {
            BeginEnd(new TunnelEnd(TunnelError.TransportLost, $"sending failed: {e.Message}"), sayWhy: false);
        }
    }

    private void BeginEnd(TunnelEnd end, bool sayWhy)
    {
        if (Interlocked.Exchange(ref _ending, 1) == 0)
            _ = EndAsync(end, sayWhy);
    }

    private async Task EndAsync(TunnelEnd end, bool sayWhy)
    {
        // What follows may run continuations of the loop that called.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (_timer is not null)
            await _timer.DisposeAsync();
        var isOrderly = end.Error is TunnelError.None or TunnelError.Disposed or TunnelError.Draining or TunnelError.Rebalance;
        if (isOrderly || end.Error == TunnelError.TransportLost)
            TunnelLog.TunnelEnded(_logger, Remote.Name, RemoteAddress, end.Error, end.Message);
        else
            TunnelLog.TunnelBroken(_logger, Remote.Name, RemoteAddress, end.Error, end.Message);

        var streams = BreakStreams(end);
        lock (Sender.Gate)
        {
            _registrations.Fail(new TunnelException(end.Error, end.Message));
            if (sayWhy)
                AppendGoAway(end.Error == TunnelError.Disposed ? TunnelError.None : end.Error, end.Message);
        }

        Sender.Close();
        foreach (var stream in streams)
            FailStream(stream, StreamError.TunnelLost, $"the tunnel ended: {end.Message}");

        // The last bytes of streams that ended in order may still be on their way over a slow path.
        if (sayWhy && await EndsWithin(_sending, isOrderly ? _options.FlushTimeout : _options.CloseTimeout))
            await _transport.CloseAsync(_options.CloseTimeout);
        _transport.Abort();
        await Task.WhenAll(_sending, _reading);
        await _transport.DisposeAsync();
        _completion.TrySetResult(end);
    }

    private async Task<bool> EndsWithin(Task task, TimeSpan deadline)
    {
        try
        {
            await task.WaitAsync(deadline, _time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
