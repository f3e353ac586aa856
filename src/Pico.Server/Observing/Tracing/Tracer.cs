using System.Diagnostics;
using Pico.Server.Hosting;
using Pico.Server.Limits;
using Pico.Server.Proxy;
using Pico.Server.Upstreams;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Observing.Tracing;

/// <summary>
/// Makes the spans of this node: of requests, of their way to a service, of streams that it relays for other nodes. Nothing of it is the current activity
/// of any flow: connections outlive requests. Without a listener <see cref="IsEnabled"/> is false, and nobody asks for spans.
/// </summary>
/// <remarks>
/// Unless a sampler is named, those traces are recorded that clients record, and of the others the first of each second: a node with little to do has all of its
/// requests in traces, and a busy one pays next to nothing for those that are not.
/// </remarks>
internal sealed class Tracer(NodeIdentity node, TimeProvider time, TracingOptions options) : IDisposable
{
    /// <summary>How many traces may begin at this node in a second, unless a sampler is named.</summary>
    public const int TracesPerSecond = 100;

    /// <summary>The name of the source of all spans.</summary>
    public const string SourceName = "Pico.Server";

    private readonly Rate? _rate = options.HasSampler ? null : Rate.PerSecond(TracesPerSecond, time);
    private long _paidUntil;

    /// <summary>The source: one for each server, so that two in one process are told apart.</summary>
    public ActivitySource Source { get; } = new(SourceName, node.Version);

    /// <summary>True while somebody listens.</summary>
    public bool IsEnabled => Source.HasListeners();

    /// <summary>False: no span needs to be asked for. <paramref name="parent"/> is the default where a trace would begin.</summary>
    public bool MayRecord(in ActivityContext parent)
    {
        if (_rate is null)
            return true;
        return parent.TraceId == default ? _rate.TryTake(ref _paidUntil, time.GetTimestamp()) : (parent.TraceFlags & ActivityTraceFlags.Recorded) != 0;
    }

    /// <summary>Starts a span; null if nobody wants it. Its parent may be of another process, or missing: then it begins a trace.</summary>
    public Activity? Start(string name, ActivityKind kind, in ActivityContext parent)
    {
        var current = Activity.Current;
        Activity.Current = null; // it would be taken for the parent
        var span = Source.CreateActivity(name, kind, parent);
        if (span is not null)
        {
            span.SetStartTime(time.GetUtcNow().UtcDateTime);
            span.Start();
            if (span.IsAllDataRequested)
                span.SetTag("pico.node", node.Id);
        }

        Activity.Current = current;
        return span;
    }

    /// <summary>Starts the span of a stream that is relayed for another node, below that node's own; null if it has none.</summary>
    public Activity? StartRelay(StreamOpen open)
    {
        if (open.Trace.TraceId == default || !IsEnabled || !MayRecord(open.Trace))
            return null;
        var span = Start("relay " + open.EndpointId, ActivityKind.Server, open.Trace);
        span?.SetTag("pico.endpoint", open.EndpointId);
        return span;
    }

    /// <summary>Ends a span, with its error if there was one.</summary>
    public void End(Activity? span, ProxyError error = ProxyError.None, string? detail = null)
    {
        if (span is null)
            return;
        if (error != ProxyError.None)
            Fail(span, ProxyErrors.Code(error), detail);
        var current = Activity.Current == span ? null : Activity.Current;
        span.SetEndTime(time.GetUtcNow().UtcDateTime);
        span.Stop();
        Activity.Current = current;
    }

    /// <summary>Says which upstream a span's stream goes to.</summary>
    public static void TagUpstream(Activity? span, Upstream upstream)
    {
        if (span is not { IsAllDataRequested: true })
            return;
        if (upstream.NodeId.Length > 0)
        {
            span.SetTag("pico.upstream.node", upstream.NodeId);
            return;
        }

        span.SetTag("pico.upstream.name", upstream.AgentName);
        span.SetTag("pico.upstream.id", upstream.AgentId);
    }

    /// <summary>Marks a span as failed.</summary>
    public static void Fail(Activity span, string type, string? detail = null)
    {
        if (!span.IsAllDataRequested)
            return;
        span.SetTag("error.type", type);
        span.SetStatus(ActivityStatusCode.Error, string.IsNullOrEmpty(detail) ? null : detail);
    }

    /// <inheritdoc/>
    public void Dispose() => Source.Dispose();
}
