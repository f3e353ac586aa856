using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Pico.Server.Admin.Metrics;
using Pico.Server.Proxy.Errors;
using Pico.Server.Upstreams;
using Pico.Tunnel;
using HttpMethod = Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.HttpMethod;

namespace Pico.Server.Proxy.Http1;

/// <summary>How requests end, and what interrupts them: time-outs, the client's end, the node's drain.</summary>
internal sealed partial class Http1Connection : IDeadline, IBodyObserver
{
    // An answer that came before the request's body had ended must be read by a client that still sends (RFC 9112 9.6). So long it may stand
    // still, and last, in ticks.
    private const int LingerTicks = 5;
    private const int MaxLingerTicks = 30;

    // A client that has closed, or has half-closed, which looks the same, may be waiting for its answer (`nc -N` does that) or be gone. So long, in
    // ticks, the exchange may stand still then; bytes that a client takes who is gone end it at once.
    private const int ClosedClientTicks = 5;

    // When the node drains, the time in ticks for a request that is on its way.
    private const int LastRequestTicks = 1;

    // Written by the connection's flow and its pump, read by the heartbeat too.
    private int _deadline = int.MaxValue;
    private volatile Waiting _waiting;
    private int _lingerEnd;

    private volatile bool _closing;
    private volatile bool _upgraded;
    private volatile bool _clientClosed;
    private readonly CancellationTokenSource _leaving = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken.None); // the heartbeat may have it at the end, so nobody disposes of it
    private volatile ProxyError _pumpEnd;
    private bool _leftover;
    private bool _isOver = true;

    private enum Waiting
    {
        /// <summary>For a request.</summary>
        Request,

        /// <summary>For the service, or for one side to take what the other has sent.</summary>
        Exchange,

        /// <summary>For a client that may not have read its answer.</summary>
        Linger,

        /// <summary>For the client to take what was written last; then the connection closes.</summary>
        Close,
    }

    /// <inheritdoc/>
    public int Deadline => Volatile.Read(ref _deadline);

    /// <inheritdoc/>
    public void OnOverdue()
    {
        // What was waited for may have come since the heartbeat looked, and something else be waited for.
        if (!_path.Heartbeat.IsOver(Deadline))
            return;

        switch (_waiting)
        {
            case Waiting.Request:
                _input.CancelPendingRead();
                break;
            case Waiting.Linger:
                _slot.Interrupt(ProxyError.RequestTimeout);
                _pump.Stop();
                _output.CancelPendingFlush();
                break;
            case Waiting.Close:
                _connection.Abort(new ConnectionAbortedException("The client did not take the end of the response."));
                break;
            case Waiting.Exchange when _clientClosed && !_upgraded:
                OnClientGone();
                _connection.Abort(new ConnectionAbortedException("The client has closed its connection."));
                break;
            case Waiting.Exchange:
                var isFinal = _relay.IsFinal; // looked at now: what is interrupted may go on inside of Interrupt, to the next request even
                var isClientsFault = !isFinal && !_intake.Body.IsComplete && !_pump.WaitsForService;
                Volatile.Write(ref _deadline, _path.Heartbeat.After(LingerTicks)); // first, for the interrupted flow sets its own
                var isInterrupted = !_slot.Interrupt(isClientsFault ? ProxyError.RequestTimeout : ProxyError.UpstreamTimeout);
                // Interrupted before and still there: it is the client who takes nothing, not even an interim response.
                if (isFinal || isInterrupted)
                    _connection.Abort(new ConnectionAbortedException("The exchange stood still for longer than allowed."));
                break;
        }
    }

    /// <inheritdoc/>
    public void OnBodyProgress()
    {
        if (_waiting == Waiting.Linger)
            Volatile.Write(ref _deadline, Math.Min(_lingerEnd, _path.Heartbeat.After(LingerTicks)));
        else
            Volatile.Write(ref _deadline, _path.Heartbeat.After(_path.IdleTicks)); // what is waited for is the other flow's to say
    }

    /// <inheritdoc/>
    public void OnBodyTooLarge() => _slot.Interrupt(ProxyError.BodyTooLarge);

    /// <inheritdoc/>
    public void OnBodyEnd(ProxyError error)
    {
        _pumpEnd = error;
        if (error != ProxyError.None)
            _slot.Interrupt(error);
        else if (_waiting == Waiting.Exchange && !_relay.IsFinal)
            SetDeadline(_path.ResponseHeadTicks);
    }

    private void Wait(Waiting waiting, int ticks)
    {
        _waiting = waiting;
        SetDeadline(ticks);
    }

    private void WaitForRequest(int ticks)
    {
        Wait(Waiting.Request, ticks);
        if (_closing)
            HastenClose();
    }

    private void HastenClose() => Volatile.Write(ref _deadline, Math.Min(Deadline, _path.Heartbeat.After(LastRequestTicks)));

    private void SetDeadline(int ticks)
    {
        Volatile.Write(ref _deadline, _path.Heartbeat.After(ticks));
        if (_clientClosed)
            HastenDeadline();
    }

    private void HastenDeadline()
    {
        if (_waiting == Waiting.Exchange && !_upgraded)
            Volatile.Write(ref _deadline, Math.Min(Deadline, _path.Heartbeat.After(ClosedClientTicks)));
    }

    /// <summary>
    /// The transport closes the connection when all that was written has been taken, and would wait for that without end: the heartbeat looks after it
    /// until then.
    /// </summary>
    private void WatchClose()
    {
        Wait(Waiting.Close, _path.IdleTicks);
        _connection.ConnectionClosed.UnsafeRegister(static c => ((Http1Connection)c!).OnClosed(), this);
    }

    private void OnClosed() => _path.Heartbeat.Remove(this);

    /// <summary>
    /// The connection was reset or aborted, and the client is gone; or the client has closed, or half-closed, and gets its answer if that comes soon. On an
    /// upgraded connection its end is passed on.
    /// </summary>
    private void OnClientClosed()
    {
        if (_upgraded)
            return;
        if (_connection.Features.Get<IConnectionSocketFeature>() is { Socket.Connected: false })
        {
            OnClientGone();
            return;
        }

        _clientClosed = true;
        HastenDeadline();
    }

    private void OnClientGone()
    {
        _slot.OnClientGone();
        _leaving.Cancel();
    }

    /// <summary>
    /// The node drains, and nobody should choose it any more: this connection ends after the request that it serves, or that comes in a moment. Closed at once it would lose one
    /// that is on its way, which its client may not send again (RFC 9112 9.3.1).
    /// </summary>
    private void OnCloseRequested()
    {
        _closing = true;
        if (_waiting == Waiting.Request && !_intake.HasBegun)
            HastenClose();
    }

    private void OnFlushed(FlushResult flush)
    {
        if (flush.IsCompleted || flush.IsCanceled)
            _slot.Interrupt(ProxyError.ClientGone);
    }

    private RelayStep OnBroken(Exception exception)
    {
        if (exception is not StreamException)
            _slot.Interrupt(ProxyError.ClientGone);
        return RelayStep.CutShort;
    }

    private ProxyError OnNotConnected(in ConnectResult found)
    {
        if (found.Error != ProxyError.ClientGone)
            _path.LogNotConnected(_intake.Endpoint!.EndpointId, found.Error, found.Detail);
        return found.Error;
    }

    private ProxyError Judge(RelayStep step)
    {
        if (step == RelayStep.Done)
            return ProxyError.None;

        var error = _slot.Interruption is not ProxyError.None and var interruption ? interruption
            : step == RelayStep.Malformed ? ProxyError.UpstreamProtocolError
            : ProxyError.UpstreamUnreachable;
        if (error is not (ProxyError.ClientGone or ProxyError.BadRequest or ProxyError.RequestTimeout or ProxyError.BodyTooLarge))
        {
            var when = _relay.IsFinal ? "in the middle of a response" : _relay.HasStarted ? "in a response's head" : "before a response";
            _path.LogServiceFault(_upstream!.EndpointId, _upstream.Description, error, when);
        }

        return error;
    }

    /// <summary>Lets the rest of a request's body come, within bounds.</summary>
    private async ValueTask LingerAsync(bool answered)
    {
        // A service that closes its connection after the answer reads no more; nor does one that there isn't.
        if (!answered || (!_relay.ServiceKeepsAlive && !_intake.Body.IsComplete))
            _pump.Discard();
        _lingerEnd = _path.Heartbeat.After(MaxLingerTicks);
        Wait(Waiting.Linger, LingerTicks);
        await _pump.FinishAsync();
    }

    /// <summary>Answers the request with <paramref name="error"/>; aborts the connection if an answer had begun. True if another request may follow.</summary>
    private async ValueTask<bool> AnswerAsync(ProxyError error)
    {
        if (_relay.IsFinal || error == ProxyError.ClientGone)
        {
            OnEnd(_relay.IsFinal ? _relay.Status : ProxyErrors.Status(error), error);
            _connection.Abort(new ConnectionAbortedException("The response could not be finished."));
            await _pump.FinishAsync();
            return false;
        }

        _path.LogRefused(_connection.ConnectionId, error);
        _path.Access.Limits.CountSize(error, _connection.RemoteEndPoint);
        var isHead = _intake.IsWellFormed && _intake.Request.Method == HttpMethod.Head;
        var close = IsLast || !_intake.IsWellFormed || !_intake.Request.KeepsAlive || _intake.Request.IsHttp10 || !_intake.Body.IsComplete || _pump.IsRunning;
        ProblemResponse.WriteHttp11(_output, error, isHead, close, _path.Heartbeat.Time.GetUtcNow(), _intake.Token);
        OnEnd(ProxyErrors.Status(error), error);
        _lingerEnd = _path.Heartbeat.After(MaxLingerTicks);
        Wait(Waiting.Linger, MaxLingerTicks);
        var flush = await _output.FlushAsync();
        if (flush.IsCompleted || flush.IsCanceled)
            close = true;
        else if (!_intake.Body.IsComplete || _pump.IsRunning)
        {
            if (!_pump.IsRunning)
                _pump.Start(null);
            await LingerAsync(answered: false);
        }

        return !close;
    }

    /// <summary>Passes bytes both ways until either side ends. The connection is over then.</summary>
    private async Task<bool> RunUpgradedAsync()
    {
        Wait(Waiting.Exchange, _path.UpgradedIdleTicks);
        var error = ProxyError.None;
        try
        {
            await new UpgradedRelay(_connection.Transport, _stream!, _watch, () => Wait(Waiting.Exchange, _path.UpgradedIdleTicks)).RunAsync();
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            OnBroken(exception);
            error = Judge(RelayStep.CutShort);
            _connection.Abort(new ConnectionAbortedException("The upgraded stream broke."));
        }

        OnEnd(_relay.Status, error);
        return true;
    }

    private void OnEnd(int status, ProxyError error)
    {
        _watch.Measure();
        _path.Metrics.RequestEnded(new RequestOutcome(_intake.Endpoint?.EndpointId ?? "", status, error, _startedAt, _upgraded, _intake.Endpoint?.Traffic, _headAt));
        if (!_watch.HasBegun)
            return;
        _watch.AddIn(_intake.Body.TakenLength);
        _watch.AddOut(_relay.BodyLength);
        _watch.End(_intake.Endpoint?.EndpointId ?? "", status, error, _upgraded);
    }
}
