using System.Diagnostics;
using System.Net;
using Pico.Server.Admin.Metrics;
using Pico.Server.Hosting;
using Pico.Server.Proxy;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Upstreams;

/// <summary>
/// The one way to a service, for every kind of traffic:
/// <code>
///  endpoint ─1▶ choose an upstream ─2▶ idle stream? ──────────────▶ stream
///                     ▲                    └─3▶ open ──accepted───▶ stream
///                     ├──── 4 refused, failed ───┤ └─ time is up ─▶ error
///                     └──── 5 silent: beside it ─┘
/// </code>
/// An open that fails has sent nothing to any service, so the next upstream is tried whatever the request, until all were or
/// <see cref="ProxyOptions.ConnectTimeout"/> is over. Beside one that says nothing for a third of that another is tried, and the first that accepts is it: what hangs, as behind
/// a node whose network has just gone, costs a request seconds and not its life, and one that is slow is waited for all the same.
/// </summary>
internal sealed class UpstreamConnector(ProxyOptions options, ServerMetrics metrics, TimeProvider time)
{
    /// <summary>
    /// How many opens this node has under way beside ones that say nothing. Where one upstream of many hangs, those beside it end at once, and few suffice; where everything is slow,
    /// more opens only make it slower.
    /// </summary>
    public const int MaxBeside = 32;

    private const int Shares = 3;
    private static readonly TimeSpan UsualTimeout = new ProxyOptions().ConnectTimeout;

    private readonly TimeSpan _timeout = options.ConnectTimeout > TimeSpan.Zero ? options.ConnectTimeout : Timeout.InfiniteTimeSpan;
    private readonly TimeSpan _share = (options.ConnectTimeout > TimeSpan.Zero ? options.ConnectTimeout : UsualTimeout) / Shares;
    private int _beside;

    /// <summary>An upstream is left out from now on: opens of streams fail, with the error.</summary>
    public event Action<Upstream, StreamError>? Ejected;

    /// <summary>An upstream that was left out works again.</summary>
    public event Action<Upstream>? Recovered;

    /// <summary>
    /// Gives a stream, or the error to answer with; never throws. On success the request is counted in
    /// (<see cref="Upstream.BeginRequest"/>): the caller owes one <see cref="Upstream.EndRequest"/>, and <see cref="IdleStreams.Return"/>
    /// or the stream's disposal.
    /// </summary>
    /// <param name="endpoint">Where to.</param>
    /// <param name="reuse">Whether an idle stream will do.</param>
    /// <param name="client">The client's address, if the stream is for this client's connection alone.</param>
    /// <param name="trace">The span that the stream is for, if any.</param>
    /// <param name="cancellationToken">The client went away.</param>
    public ValueTask<ConnectResult> ConnectAsync(EndpointUpstreams endpoint, bool reuse, IPEndPoint? client, ActivityContext trace, CancellationToken cancellationToken)
    {
        var tried = default(TriedUpstreams);
        var error = ProxyError.None;
        if (!endpoint.TryBegin(ref tried, out var upstream, ref error)) // 1
            return ValueTask.FromResult(error == ProxyError.None ? NoneAvailable(endpoint) : Limited(endpoint, error));

        if (reuse && upstream.Idle.TryRent(out var stream)) // 2
        {
            upstream.OpenAbandoned(); // an idle stream proves nothing about opening one
            return ValueTask.FromResult(ConnectResult.Rented(upstream, stream));
        }

        return OpenAsync(endpoint, upstream, client, trace, onlyHere: false, cancellationToken);
    }

    /// <summary>
    /// Opens a new stream for another node: to an upstream whose tunnel ends at this node, so that nothing is relayed twice. Otherwise as
    /// <see cref="ConnectAsync"/>.
    /// </summary>
    public ValueTask<ConnectResult> ConnectHereAsync(EndpointUpstreams endpoint, IPEndPoint? client, CancellationToken cancellationToken)
    {
        var tried = default(TriedUpstreams);
        var error = ProxyError.None;
        return endpoint.TryBegin(ref tried, out var upstream, ref error, onlyHere: true)
            ? OpenAsync(endpoint, upstream, client, default, onlyHere: true, cancellationToken)
            : ValueTask.FromResult(error == ProxyError.None ? NoneAvailable(endpoint) : Limited(endpoint, error));
    }

    /// <summary>An upstream accepted an open, whoever opened it.</summary>
    public void Accepted(Upstream upstream)
    {
        if (upstream.OpenSucceeded())
        {
            metrics.Recovered(upstream.EndpointId);
            Recovered?.Invoke(upstream);
        }

        metrics.StreamOpened();
    }

    /// <summary>An upstream refused an open or left it unanswered, whoever opened it: it is left out for a while, but not one that is merely full (the caller owes it <see cref="Upstream.OpenAbandoned"/>).</summary>
    public void Refused(Upstream upstream, StreamError error)
    {
        // One that is full works: left out it would only make the others fuller.
        if (error != StreamError.TooManyStreams && upstream.OpenFailed(error))
        {
            metrics.Ejected(upstream.EndpointId, error);
            Ejected?.Invoke(upstream, error);
        }

        metrics.StreamRefused(error);
    }

    private async ValueTask<ConnectResult> OpenAsync(EndpointUpstreams endpoint, Upstream first, IPEndPoint? client, ActivityContext trace, bool onlyHere, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_timeout, time);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var share = onlyHere ? _share / 2 : _share; // the node that asked has not lost its patience yet when another is tried here
        var tried = default(TriedUpstreams);
        var opens = new OpenRace(client, trace, cancel, time);
        Upstream? upstream = first;
        Exception? failure = null;
        var beside = 0;
        try
        {
            while (upstream is not null || !opens.IsOver)
            {
                if (upstream is not null)
                {
                    tried.Add(upstream);
                    opens.Begin(upstream); // 3
                }

                if (await opens.NextAsync(share) is { } ended)
                {
                    if (ended.Stream.IsCompletedSuccessfully)
                        return Opened(endpoint, ended.Upstream, await ended.Stream, onlyHere);
                    failure = ended.Stream.Exception?.InnerException ?? new OperationCanceledException();
                    if (cancel.IsCancellationRequested)
                    {
                        GiveUp(ended, share, cancellationToken);
                        break;
                    }

                    ended.Upstream.EndRequest();
                    var error = ErrorOf(failure);
                    Refused(ended.Upstream, error); // 4
                    if (error == StreamError.TooManyStreams)
                        ended.Upstream.OpenAbandoned();
                }

                var isBeside = !opens.IsOver;
                upstream = Next(endpoint, ref tried, onlyHere, isBeside); // 4, 5
                beside += isBeside && upstream is not null ? 1 : 0;
            }
        }
        finally
        {
            Interlocked.Add(ref _beside, -beside);
            foreach (var loser in opens.End())
                GiveUp(loser, share, cancellationToken);
        }

        return cancellationToken.IsCancellationRequested ? ConnectResult.Failed(ProxyError.ClientGone, "The client went away.")
            : timeout.IsCancellationRequested
                ? ConnectResult.Failed(ProxyError.UpstreamTimeout, $"The service of '{endpoint.EndpointId}' accepted no connection in time.")
                : Failure(endpoint, failure!);
    }

    private Upstream? Next(EndpointUpstreams endpoint, ref TriedUpstreams tried, bool onlyHere, bool isBeside)
    {
        var limited = ProxyError.None;
        if ((isBeside && Interlocked.Increment(ref _beside) > MaxBeside) || !endpoint.TryBegin(ref tried, out var upstream, ref limited, onlyHere))
        {
            if (isBeside)
                Interlocked.Decrement(ref _beside);
            return null;
        }

        metrics.Retried();
        return upstream;
    }

    private ConnectResult Opened(EndpointUpstreams endpoint, Upstream upstream, TunnelStream stream, bool onlyHere)
    {
        Accepted(upstream);
        if (!onlyHere)
            stream.Traffic = metrics.TrafficOf(endpoint.EndpointId);
        return ConnectResult.Opened(upstream, stream);
    }

    // Silent for all of its share while another accepted, or to the end, it is left out as one that failed. One that had no time is not to blame.
    private void GiveUp(OpenAttempt attempt, TimeSpan share, CancellationToken client)
    {
        attempt.Upstream.EndRequest();
        if (!client.IsCancellationRequested && time.GetElapsedTime(attempt.Began) >= share)
            Refused(attempt.Upstream, StreamError.ServiceTimeout);
        else
            attempt.Upstream.OpenAbandoned();
    }

    private static StreamError ErrorOf(Exception exception) => (exception as StreamException)?.Error ?? StreamError.Internal;

    private static ConnectResult NoneAvailable(EndpointUpstreams endpoint) =>
        ConnectResult.Failed(ProxyError.NoAvailableUpstreams, $"No upstream of '{endpoint.EndpointId}' is available.");

    private static ConnectResult Limited(EndpointUpstreams endpoint, ProxyError error) =>
        ConnectResult.Failed(error, $"The tokens of the agents of '{endpoint.EndpointId}' allow no more than there is just now.");

    private static ConnectResult Failure(EndpointUpstreams endpoint, Exception exception) => ErrorOf(exception) switch
    {
        StreamError.UnknownEndpoint or StreamError.Draining => NoneAvailable(endpoint),
        StreamError.TooManyStreams => ConnectResult.Failed(ProxyError.Overloaded, $"The upstreams of '{endpoint.EndpointId}' take no more streams."),
        StreamError.ServiceTimeout => ConnectResult.Failed(ProxyError.UpstreamTimeout, exception.Message),
        _ => ConnectResult.Failed(ProxyError.UpstreamUnreachable, exception.Message),
    };
}
