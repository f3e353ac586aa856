using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Pico.Server.Cluster.Asking;
using Pico.Server.Observing.Tracing;
using Pico.Server.Proxy;
using Pico.Server.Upstreams;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;
using Pico.Tunnel.Splicing;

namespace Pico.Server.Cluster.Relaying;

/// <summary>
/// What other nodes ask of this one on their links: each stream that they open names an endpoint, and is joined with one to a service behind this node.
/// <code>
///   OPEN ─1▶ endpoint ─2▶ a stream to one of the upstreams here ─3▶ ACCEPT ─4▶ bytes both ways, whatever they mean
///               └──────────────────┴─▶ REFUSE: the node that asked tries elsewhere
/// </code>
/// Never another node's upstream: a relayed stream has one hop. A stream to <see cref="PeerQuestion.EndpointId"/> is a question to this node itself.
/// </summary>
internal sealed partial class StreamRelay(
    RouteTable routes, UpstreamConnector connector, Lazy<IPeerAnswers> answers, ClusterMetrics metrics, Tracer tracer, TimeProvider time, ILogger<StreamRelay> logger) : ITunnelHandler
{
    /// <summary>How many questions of other nodes are answered at once.</summary>
    public const int MaxQuestions = 16;

    private int _questions;

    /// <inheritdoc/>
    public void OnOpen(TunnelStream stream, StreamOpen open) => _ = open.EndpointId == PeerQuestion.EndpointId ? AnswerAsync(stream) : RelayAsync(stream, open);

    /// <inheritdoc/>
    public void OnRegister(TunnelConnection tunnel, Registration registration) =>
        tunnel.AnswerRegistration(registration.Id, "Nothing can be registered on a peer link: agents connect to the upstream port.");

    /// <inheritdoc/>
    public void OnDeregister(TunnelConnection tunnel, uint registrationId)
    {
        // Nothing was ever registered.
    }

    /// <inheritdoc/>
    public void OnGoAway(TunnelConnection tunnel, TunnelError reason, string message)
    {
        // The other node replaces its link; what is open on this one lives on.
    }

    private async Task RelayAsync(TunnelStream asked, StreamOpen open)
    {
        await using (asked)
        {
            var span = tracer.StartRelay(open);
            try
            {
                var connected = await ConnectAsync(asked, open);
                if (!connected.IsConnected)
                {
                    tracer.End(span, connected.Error, connected.Detail);
                    metrics.RelayRefused(connected.Error);
                    asked.Refuse(StreamErrors.Of(connected.Error), connected.Detail);
                    return;
                }

                connected.Stream!.Traffic = metrics.Traffic;
                Tracer.TagUpstream(span, connected.Upstream);
                await using (connected.Stream)
                    await JoinAsync(asked, open, connected, span);
            }
            catch (Exception exception)
            {
                LogFault(exception, open.EndpointId);
                asked.Abort(StreamError.Internal);
                tracer.End(span, ProxyError.UpstreamUnreachable);
            }
        }
    }

    private async Task AnswerAsync(TunnelStream asked)
    {
        await using (asked)
        {
            try
            {
                if (Interlocked.Increment(ref _questions) > MaxQuestions)
                    asked.Refuse(StreamError.TooManyStreams, "The node answers as many questions as it can just now.");
                else
                    await PeerQuestion.AnswerAsync(asked, answers.Value, time);
            }
            catch (Exception exception)
            {
                LogFault(exception, PeerQuestion.EndpointId);
                asked.Abort(StreamError.Internal);
            }
            finally
            {
                Interlocked.Decrement(ref _questions);
            }
        }
    }

    private ValueTask<ConnectResult> ConnectAsync(TunnelStream asked, StreamOpen open)
    {
        if (!routes.TryGet(open.EndpointId, out var endpoint) || endpoint.Protocol != open.Protocol) // 1
            return ValueTask.FromResult(ConnectResult.Failed(ProxyError.NoAvailableUpstreams, $"This node has no upstream of '{open.EndpointId}'."));

        // Not disposed of: the callback may come at any time, and there is no timer in it.
        var lostInterest = new CancellationTokenSource();
        asked.OnBroken(static s => ((CancellationTokenSource)s!).Cancel(), lostInterest);
        return connector.ConnectHereAsync(endpoint, open.ClientAddress, lostInterest.Token); // 2
    }

    private async Task JoinAsync(TunnelStream asked, StreamOpen open, ConnectResult connected, Activity? span)
    {
        // Between requests a stream of HTTP lies idle at the node that asked, which alone knows when; streams of one client are busy for all of their life.
        var isOneClients = open.ClientAddress is not null;
        if (!isOneClients)
            connected.Upstream!.EndRequest();
        metrics.RelayBegan();
        try
        {
            asked.Accept(); // 3
            if (!isOneClients)
                tracer.End(span); // what comes next on the stream may be of other traces
            var end = await StreamSplice.RunAsync( // 4
                new TunnelStreamEnd(asked), new TunnelStreamEnd(connected.Stream!), idleTimeout: TimeSpan.Zero, bytes: null, time, CancellationToken.None);
            if (end != StreamError.None)
                LogBroken(open.EndpointId, asked.Tunnel.Remote.Id, end);
        }
        finally
        {
            metrics.RelayEnded();
            if (isOneClients)
            {
                tracer.End(span);
                connected.Upstream!.EndRequest();
            }
        }
    }

    [LoggerMessage(2631, LogLevel.Debug, "A stream to {Endpoint} that was relayed for {Node} was cut: {Reason}.")]
    private partial void LogBroken(string endpoint, string node, StreamError reason);

    [LoggerMessage(2632, LogLevel.Error, "A stream to {Endpoint} could not be relayed by a fault of this node's own.")]
    private partial void LogFault(Exception exception, string endpoint);
}
