using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Pico.Server.Limits;
using Pico.Server.Observing;
using Pico.Server.Observing.Tracing;
using Pico.Server.Proxy.Forwarded;
using Pico.Server.Proxy.Wire;
using Pico.Server.Upstreams;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;
using HttpMethod = Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.HttpMethod;

namespace Pico.Server.Proxy.Http1;

/// <summary>
/// One client connection of HTTP/1.1:
/// <code>
///   client ──1 head──▶ intake ──2 stream──▶ connector
///                        │  └──3 head, and the body's beginning──▶ service
///                        └─────4 the body's rest, if any ────────▶ service     (RequestBodyPump, beside 5)
///   client ◀──5 heads and body, piece by piece ── relay ◀───────── service
///                                    6 the stream goes back to its upstream, and on with 1
/// </code>
/// All of it is in <see cref="RunAsync"/>, which waits on pipes and nothing else: a request on a kept connection over a kept stream starts no
/// other asynchronous method, and so allocates nothing. What a request needs is made once here and used again; nothing is rented while the
/// connection waits for a request. The time-outs, and how requests end other than well, are in the other part of this class.
/// </summary>
internal sealed partial class Http1Connection
{
    private readonly Http1Path _path;
    private readonly ConnectionContext _connection;
    private readonly PipeReader _input;
    private readonly PipeWriter _output;
    private readonly RequestIntake _intake;
    private readonly ResponseRelay _relay;
    private readonly RequestBodyPump _pump;
    private readonly StreamSlot _slot = new();
    private readonly ConnectionClient? _client;
    private readonly RequestWatch _watch;
    private RequestPermit _permit;
    private Upstream? _upstream;
    private TunnelStream? _stream;
    private long _startedAt;
    private long _headAt;

    public Http1Connection(Http1Path path, ConnectionContext connection, ForwardedHop hop)
    {
        _path = path;
        _connection = connection;
        _client = connection.Features.Get<ConnectionClient>();
        _input = connection.Transport.Input;
        _output = connection.Transport.Output;
        _watch = new RequestWatch(path.Observer);
        var fields = new HeaderList();
        var client = new IntakeClient((connection.RemoteEndPoint as IPEndPoint)?.Address, _client?.Proxies, hop);
        _intake = new RequestIntake(path.Access, path.Endpoints, new ForwardedTrail(hop), fields, path.Options.MaxRequestHeadSize, _watch, client);
        _relay = new ResponseRelay(_output, fields, path.Options.MaxResponseHeadSize, _watch);
        _pump = new RequestBodyPump(_input, _intake, this);
    }

    /// <summary>Serves the connection. False: the next request is for the general path, and nothing of it was consumed.</summary>
    public async Task<bool> RunAsync()
    {
        var lifetime = _connection.Features.Get<IConnectionLifetimeNotificationFeature>();
        using var gone = _connection.ConnectionClosed.UnsafeRegister(static c => ((Http1Connection)c!).OnClientClosed(), this);
        using var closing = lifetime?.ConnectionClosedRequested.UnsafeRegister(static c => ((Http1Connection)c!).OnCloseRequested(), this) ?? default;
        WaitForRequest(_path.RequestHeadTicks);
        _path.Heartbeat.Add(this);
        try
        {
            while (true)
            {
                BeginRequest();
                IntakeStep intake;
                do
                {
                    intake = TakeRequest(await _input.ReadAsync()); // 1
                    if (intake == IntakeStep.Verify)
                        _intake.Token = await _path.Access.VerifyAsync(_intake.Credential, _connection.ConnectionClosed);
                }
                while (intake is IntakeStep.More or IntakeStep.Verify);

                if (intake == IntakeStep.HandOver)
                    _path.Heartbeat.Remove(this);
                if (intake is IntakeStep.HandOver or IntakeStep.Close)
                    return _isOver = intake == IntakeStep.Close;

                OnRequest();
                var error = _intake.Error == ProxyError.None ? Admit() : _intake.Error;
                var repeats = false;
                while (error == ProxyError.None)
                {
                    var upgrade = _intake.Request.IsUpgrade;
                    var client = upgrade ? _connection.RemoteEndPoint as IPEndPoint : null;
                    var found = await _path.Connector.ConnectAsync(_intake.Endpoint!, !repeats && !upgrade, client, _watch.BeginUpstream(_intake.Endpoint!.EndpointId), _leaving.Token); // 2
                    if (!found.IsConnected)
                    {
                        error = OnNotConnected(found);
                        break;
                    }

                    RelayStep step;
                    BeginExchange(found);
                    try
                    {
                        await _stream!.WriteAsync(_intake.Head.Written); // 3
                        if (!_intake.Body.IsComplete)
                            _pump.Start(_stream); // 4
                        do
                        {
                            step = TakeResponse(await _stream.Input.ReadAsync()); // 5
                            if (step is RelayStep.Flush or RelayStep.Done or RelayStep.Switched)
                                OnFlushed(await _output.FlushAsync());
                        }
                        while (step is RelayStep.More or RelayStep.Flush);
                    }
                    catch (Exception exception) when (exception is IOException or OperationCanceledException)
                    {
                        step = OnBroken(exception);
                    }

                    if (step == RelayStep.Switched)
                        return await RunUpgradedAsync();
                    if (step == RelayStep.Done && _pump.IsRunning)
                        await LingerAsync(answered: true);

                    repeats = !repeats && IsWorthRepeating(step, found.IsReused);
                    error = repeats ? ProxyError.None : Judge(step);
                    EndExchange(mayReuse: step == RelayStep.Done); // 6
                    _watch.EndUpstream(repeats ? ProxyError.UpstreamUnreachable : error);
                    if (!repeats)
                        break;
                    Wait(Waiting.Exchange, 0);
                    _path.Metrics.Retried();
                }

                _intake.Head.Release();
                _permit.Exit();
                if (error == ProxyError.None)
                    OnEnd(_relay.Status, error);
                if (error == ProxyError.None ? !GoesOn() : !await AnswerAsync(error))
                    return true;
                WaitForRequest(_path.KeepAliveTicks);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            return true; // the client's connection broke while nothing was asked
        }
        finally
        {
            _intake.Head.Release();
            _permit.Exit();
            EndExchange(mayReuse: false);
            _watch.Abandon();
            if (_isOver)
                WatchClose();
        }
    }

    private void BeginRequest()
    {
        _intake.Begin();
        _relay.Clear();
        _pump.Clear();
        _pumpEnd = ProxyError.None;
    }

    private void OnRequest()
    {
        _startedAt = _path.Heartbeat.Time.GetTimestamp();
        _headAt = 0;
        if (!_watch.HasBegun && _watch.IsWanted)
            _watch.BeginOther("HTTP/1.1", (_connection.RemoteEndPoint as IPEndPoint)?.Address); // it was no request
        _path.Metrics.RequestStarted();
        if (_path.Lifecycle.IsDraining)
            _path.Lifecycle.NoteClient();
        // Opening a stream has a time-out of its own.
        Wait(Waiting.Exchange, 0);
    }

    private ProxyError Admit()
    {
        var client = _path.Access.Limits.ProxiesToAsk(_client) is { } proxies ? _intake.FindClient(proxies) : null;
        return _path.Access.Limits.TryEnter(_intake.Endpoint!, _client, client, out _permit);
    }

    private IntakeStep TakeRequest(ReadResult read)
    {
        var buffer = read.Buffer;
        var hadBegun = _intake.HasBegun;
        var step = _intake.Take(buffer, out var consumed, out var examined);
        _input.AdvanceTo(buffer.GetPosition(consumed), buffer.GetPosition(examined));
        if (step != IntakeStep.More)
            return step;
        if (read.IsCompleted)
            return IntakeStep.Close;

        if (read.IsCanceled && _path.Heartbeat.IsOver(Deadline))
            return _intake.HasBegun ? _intake.RefuseUnread(ProxyError.RequestTimeout, moreComes: false) : IntakeStep.Close;
        if (_intake.HasBegun && !hadBegun)
            Wait(Waiting.Request, _path.RequestHeadTicks);
        return IntakeStep.More;
    }

    private void BeginExchange(in ConnectResult found)
    {
        _upstream = found.Upstream;
        _stream = found.Stream;
        var request = _intake.Request;
        _relay.Begin(new RequestTraits(request.Method == HttpMethod.Head, request.IsHttp10, request.KeepsAlive, request.IsUpgrade));
        _leftover = false;
        _slot.Begin(_stream!);
        _watch.Connected(_upstream!, found.IsReused);
        if (_intake.ParentAt > 0)
            _watch.WriteParent(_intake.Head.At(_intake.ParentAt, TraceParent.Length));
        Wait(Waiting.Exchange, _intake.Body.IsComplete ? _path.ResponseHeadTicks : _path.IdleTicks);
    }

    private RelayStep TakeResponse(ReadResult read)
    {
        var buffer = read.Buffer;
        var step = _relay.Feed(buffer, read.IsCompleted, IsLastRequest, out var used, out var wantsMore);
        _leftover = used < buffer.Length;
        var consumed = buffer.GetPosition(used);
        _stream!.Input.AdvanceTo(consumed, wantsMore ? buffer.End : consumed);
        if (_relay.HasStarted)
            _intake.Head.Release();
        if (_relay.IsFinal)
        {
            Wait(Waiting.Exchange, _path.IdleTicks);
            if (_headAt == 0)
                _headAt = _path.Heartbeat.Time.GetTimestamp();
        }

        if (step == RelayStep.Switched)
            _upgraded = true;
        return step;
    }

    /// <summary>The connection ends with this request: so clients of a node that drains come by new connections, and those tell whether it is still chosen.</summary>
    private bool IsLast => _closing || _path.Lifecycle.IsDraining;

    /// <summary>What the service sends before it has said 100 to a client that waits for it leaves open whether the body will come: nothing can follow.</summary>
    private bool IsLastRequest => IsLast || (_intake.Request.ExpectsContinue && !_relay.SaidContinue && !_intake.Body.IsComplete);

    private bool IsWorthRepeating(RelayStep step, bool isReused) =>
        isReused && step == RelayStep.CutShort && !_relay.HasStarted && _intake.IsRepeatable && _slot.Interruption == ProxyError.None;

    private bool GoesOn() => _relay.ClientKeepsAlive && _pumpEnd == ProxyError.None;

    private void EndExchange(bool mayReuse)
    {
        if (_stream is not { } stream)
            return;
        _stream = null;
        _upstream!.EndRequest();
        var isOurs = _slot.TryEnd();
        if (mayReuse && isOurs && !_intake.Request.IsUpgrade && _relay.ServiceKeepsAlive && !_leftover && _intake.Body.IsComplete && _pumpEnd == ProxyError.None && !_pump.HasDiscarded)
        {
            _upstream.Idle.Return(stream);
            return;
        }

        stream.Abort(StreamError.Cancelled);
        stream.Input.Complete();
    }
}
