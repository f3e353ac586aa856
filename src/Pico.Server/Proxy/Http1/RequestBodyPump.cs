using System.Buffers;
using System.IO.Pipelines;
using Pico.Tunnel;

namespace Pico.Server.Proxy.Http1;

/// <summary>Is told how the body of a request goes. Called from the pump's own flow.</summary>
internal interface IBodyObserver
{
    /// <summary>Some of the body was taken.</summary>
    void OnBodyProgress();

    /// <summary>The body is larger than allowed; what still comes of it is thrown away.</summary>
    void OnBodyTooLarge();

    /// <summary>The pump is over: <see cref="ProxyError.None"/> at the body's end.</summary>
    void OnBodyEnd(ProxyError error);
}

/// <summary>
/// Sends what did not fit behind the head of a request's body, while the response is already read. When the service takes no more, what still
/// comes is thrown away, so that the client gets to reading the response.
/// </summary>
internal sealed class RequestBodyPump(PipeReader input, RequestIntake intake, IBodyObserver observer)
{
    private volatile bool _discards; // from some point on
    private volatile bool _stops;
    private volatile bool _waitsForService;
    private Task<ProxyError>? _running;

    /// <summary>The service has not been sent all of the body.</summary>
    public bool HasDiscarded => _discards;

    /// <summary>It is waiting for the service to take what came, not for the client.</summary>
    public bool WaitsForService => _waitsForService;

    /// <summary>True from <see cref="Start"/> to the end of <see cref="FinishAsync"/>.</summary>
    public bool IsRunning => _running is not null;

    /// <summary>Forgets the last request's body.</summary>
    public void Clear() => _discards = _stops = false;

    /// <summary>Begins to send what follows in the client's input to <paramref name="stream"/>; without one, to throw it away.</summary>
    public void Start(TunnelStream? stream)
    {
        _discards = stream is null;
        _stops = false;
        _running = RunAsync(stream);
    }

    /// <summary>From now on what comes is thrown away.</summary>
    public void Discard() => _discards = true;

    /// <summary>Ends a wait for the client; one for the service ends when its stream is aborted. Any thread.</summary>
    public void Stop()
    {
        _stops = true;
        input.CancelPendingRead();
    }

    /// <summary>Waits for its end: <see cref="ProxyError.None"/> if the body was read to its own.</summary>
    public async ValueTask<ProxyError> FinishAsync()
    {
        if (_running is null)
            return ProxyError.None;
        var result = await _running;
        _running = null;
        return result;
    }

    private async Task<ProxyError> RunAsync(TunnelStream? stream)
    {
        ProxyError end;
        try
        {
            end = await PumpAsync(stream);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            end = ProxyError.ClientGone;
        }

        observer.OnBodyEnd(end);
        return end;
    }

    private async ValueTask<ProxyError> PumpAsync(TunnelStream? stream)
    {
        while (true)
        {
            var read = await input.ReadAsync();
            var good = intake.Body.TryTake(read.Buffer, out var used);
            var isComplete = intake.Body.IsComplete;
            if (!_discards && intake.IsBodyTooLarge)
            {
                _discards = true;
                observer.OnBodyTooLarge();
            }

            if (used > 0 && !_discards)
            {
                _waitsForService = true;
                if (!await TrySendAsync(stream!, read.Buffer.Slice(0, used)))
                    _discards = true; // not by |=, which would undo a Discard that came during the wait
                _waitsForService = false;
            }

            var consumed = read.Buffer.GetPosition(used);
            input.AdvanceTo(consumed, isComplete || !good ? consumed : read.Buffer.End);
            if (!good)
                return ProxyError.BadRequest;
            if (isComplete)
                return ProxyError.None;
            if (read.IsCompleted)
                return ProxyError.ClientGone;
            if (_stops)
                return ProxyError.RequestTimeout;
            if (used > 0)
                observer.OnBodyProgress();
        }
    }

    /// <summary>False if the service takes no more. That is no error of its own: the response, or its absence, tells.</summary>
    private static async ValueTask<bool> TrySendAsync(TunnelStream stream, ReadOnlySequence<byte> bytes)
    {
        try
        {
            await stream.WriteAsync(bytes);
            return true;
        }
        catch (StreamException)
        {
            return false;
        }
    }
}
