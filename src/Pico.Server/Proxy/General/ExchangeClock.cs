using Pico.Server.Hosting;

namespace Pico.Server.Proxy.General;

/// <summary>
/// The one cancellation of an exchange, which knows why it fired. What may stand still, and for how long:
/// <code>
///   body being sent        IdleTimeout, begun anew by every piece (its client is to blame if it is waited for)
///   body sent, no answer   ResponseHeadTimeout
///   response being read    IdleTimeout, begun anew by every piece in either direction
///   upgraded               StreamIdleTimeout, the same
/// </code>
/// </summary>
internal sealed class ExchangeClock : IDisposable
{
    private readonly ProxyOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationToken _client;
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _registration;
    private readonly Lock _changing = new();
    private TimeSpan _timeout; // under _changing
    private bool _answered;    // under _changing
    private ProxyError? _reason; // under _changing; the first one counts

    public ExchangeClock(ProxyOptions options, TimeProvider time, CancellationToken client)
    {
        _options = options;
        _time = time;
        _client = client;
        _source = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _source.Token.UnsafeRegister(static state => ((ExchangeClock)state!).OnFired(), this);
        _registration = client.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _source);
    }

    /// <summary>Cancelled when the client is gone, when something stood still for too long, or by <see cref="Stop"/>.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>True while the sender waits for the client's next piece: then a time-out is the client's.</summary>
    public bool WaitsForClient { get; set; }

    /// <summary>Why the token fired; <see cref="ProxyError.None"/> if it did not, or by <see cref="Stop"/>.</summary>
    public ProxyError Reason
    {
        get
        {
            // Whoever waited with the token may be told before OnFired is: the last registered is called first.
            if (_source.IsCancellationRequested)
                OnFired();
            lock (_changing)
                return _reason ?? ProxyError.None;
        }
    }

    /// <summary>The timestamp (<see cref="TimeProvider.GetTimestamp"/>) at which the response's head had come; 0 before.</summary>
    public long AnsweredAt { get; private set; }

    /// <summary>The body is about to be sent.</summary>
    public void BodyBegins() => Expect(_options.IdleTimeout, unlessAnswered: true);

    /// <summary>The request was sent whole.</summary>
    public void RequestSent() => Expect(_options.ResponseHeadTimeout, unlessAnswered: true);

    /// <summary>The response's head has come.</summary>
    public void Answered()
    {
        AnsweredAt = _time.GetTimestamp();
        Expect(_options.IdleTimeout, unlessAnswered: false);
    }

    /// <summary>The exchange became a stream of bytes.</summary>
    public void Upgraded() => Expect(_options.StreamIdleTimeout, unlessAnswered: false);

    /// <summary>Something moved.</summary>
    public void Touch()
    {
        lock (_changing)
        {
            if (_timeout > TimeSpan.Zero)
                _source.CancelAfter(_timeout);
        }
    }

    /// <summary>The exchange is over: ends what still waits for the token.</summary>
    public void Stop() => Fail(ProxyError.None);

    /// <summary>The exchange cannot go on because of <paramref name="reason"/>.</summary>
    public void Fail(ProxyError reason)
    {
        lock (_changing)
            _reason ??= reason;
        _source.Cancel();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _registration.Dispose();
        _source.Dispose();
    }

    private void OnFired()
    {
        lock (_changing)
        {
            _reason ??= _client.IsCancellationRequested ? ProxyError.ClientGone
                : WaitsForClient ? ProxyError.RequestTimeout
                : ProxyError.UpstreamTimeout;
        }
    }

    private void Expect(TimeSpan timeout, bool unlessAnswered)
    {
        lock (_changing)
        {
            if (unlessAnswered && _answered)
                return;
            _answered = !unlessAnswered;
            _timeout = timeout;
            _source.CancelAfter(timeout > TimeSpan.Zero ? timeout : Timeout.InfiniteTimeSpan);
        }
    }
}
