using System.Diagnostics;
using System.Net;
using System.Text;
using Pico.Server.Observing.AccessLogs;
using Pico.Server.Observing.Tracing;
using Pico.Server.Proxy;
using Pico.Server.Upstreams;

namespace Pico.Server.Observing;

/// <summary>
/// Follows one request after another, for traces and the access log; what is off costs nothing:
/// <code>
///   Begin ─▶ { BeginUpstream ─▶ Connected ─▶ EndUpstream } for each try ─▶ End
///                                  └▶ Answered: the response's head has come
/// </code>
/// A request that nobody wants to know of has no Begin, and all else does nothing then. One request at a time; <see cref="AddIn"/> and <see cref="AddOut"/> may run
/// beside each other.
/// </summary>
internal sealed class RequestWatch(RequestObserver observer)
{
    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"];

    private AccessEntry? _entry;
    private Activity? _span;
    private Activity? _upstream;
    private UnrecordedTrace? _unrecorded;
    private bool _hasParent;
    private int _tries;

    /// <summary>True from <see cref="Begin"/> to <see cref="End"/>.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>True if the next request is to be followed.</summary>
    public bool IsWanted => observer.IsOn;

    /// <summary>True if the service is told another <c>traceparent</c> than the client's.</summary>
    public bool ReplacesParent => _span is not null || _unrecorded is not null;

    /// <summary>True for a header of the client's that the service does not get: <c>traceparent</c>, and <c>tracestate</c> if that belongs to no trace.</summary>
    public bool Replaces(ReadOnlySpan<byte> name) => ReplacesParent && name.Length switch
    {
        11 => Ascii.EqualsIgnoreCase(name, "traceparent"u8),
        10 => !_hasParent && Ascii.EqualsIgnoreCase(name, "tracestate"u8),
        _ => false,
    };

    /// <summary>The headers of requests that the log wants, if it is on.</summary>
    public LoggedHeaders? RequestHeaders => _entry is null ? null : observer.Log.RequestHeaders;

    /// <summary>The same of responses.</summary>
    public LoggedHeaders? ResponseHeaders => _entry is null ? null : observer.Log.ResponseHeaders;

    /// <summary>What the service is told as its parent: the span of its stream.</summary>
    public ActivityContext Context => (_upstream ?? _span)?.Context ?? _unrecorded?.ToContext() ?? default;

    /// <summary>A request's head was read.</summary>
    public void Begin(in RequestFacts facts)
    {
        BeginEntry();
        if (_entry is { } entry)
        {
            entry.Method = entry.Keep(facts.Method);
            entry.Target = entry.Keep(facts.Target, AccessEntry.MaxTarget);
            entry.Host = entry.Keep(facts.Host);
            entry.UserAgent = entry.Keep(facts.UserAgent);
            entry.RequestId = entry.Keep(facts.RequestId);
            entry.Protocol = facts.Protocol;
            entry.Client = facts.Client;
        }

        if (observer.Tracer.IsEnabled)
            BeginSpan(facts);
        if (_entry is null)
            return;
        if (ReplacesParent)
        {
            Span<byte> parent = stackalloc byte[TraceParent.Length];
            WriteParent(parent);
            _entry.TraceId = _entry.Keep(TraceParent.TraceId(parent));
        }
        else if (TraceParent.IsValid(facts.TraceParent))
        {
            _entry.TraceId = _entry.Keep(TraceParent.TraceId(facts.TraceParent));
        }
    }

    /// <summary>Something came that is no request, or a connection that is none of HTTP's.</summary>
    public void BeginOther(string protocol, IPAddress? client)
    {
        BeginEntry();
        if (_entry is null)
            return;
        _entry.Protocol = protocol;
        _entry.Client = client;
    }

    /// <summary>Starts a span for a connection that is not HTTP's.</summary>
    public void BeginConnectionSpan(string endpointId, string name, IPAddress? client)
    {
        _span = observer.Tracer.IsEnabled && observer.Tracer.MayRecord(default) ? observer.Tracer.Start(name, ActivityKind.Server, default) : null;
        if (_span is not { IsAllDataRequested: true })
            return;
        _span.SetTag("network.transport", "tcp");
        _span.SetTag("pico.endpoint", endpointId);
        _span.SetTag("client.address", client?.ToString());
    }

    /// <summary>Keeps a header for the log; its number is of <see cref="RequestHeaders"/> or <see cref="ResponseHeaders"/>.</summary>
    public void KeepHeader(int header, bool isResponse, ReadOnlySpan<byte> value) => _entry?.KeepHeader(header, isResponse, value);

    /// <summary>A stream to a service is about to be got; the context goes with it.</summary>
    public ActivityContext BeginUpstream(string endpointId)
    {
        _tries++;
        if (_span is not { IsAllDataRequested: true } span)
            return default;
        if (_upstream is not null)
            EndUpstream(ProxyError.UpstreamUnreachable);
        _upstream = observer.Tracer.Start(span.DisplayName, ActivityKind.Client, span.Context);
        if (_upstream is { IsAllDataRequested: true })
        {
            _upstream.SetTag("pico.endpoint", endpointId);
            _upstream.SetTag("server.address", endpointId);
            if (span.GetTagItem("http.request.method") is { } method)
                _upstream.SetTag("http.request.method", method);
            if (_tries > 1)
                _upstream.SetTag("http.request.resend_count", _tries - 1);
        }

        return Context;
    }

    /// <summary>There is a stream to a service.</summary>
    public void Connected(Upstream upstream, bool isReused)
    {
        if (!HasBegun)
            return;
        if (_entry is not null)
        {
            _entry.Upstream = upstream;
            _entry.ConnectedAt = observer.Time.GetTimestamp();
        }

        Tracer.TagUpstream(_upstream, upstream);
        if (isReused)
            _upstream?.SetTag("pico.upstream.reused", true);
    }

    /// <summary>Writes the service's <c>traceparent</c> to <paramref name="target"/>, which has <see cref="TraceParent.Length"/> bytes.</summary>
    public void WriteParent(Span<byte> target)
    {
        if (_unrecorded is { } trace)
            trace.Write(target);
        else
            TraceParent.Write(target, Context);
    }

    /// <summary>The response's head has come.</summary>
    public void Answered(int status)
    {
        if (!HasBegun)
            return;
        if (_entry is { HeadAt: 0 })
            _entry.HeadAt = observer.Time.GetTimestamp();
        _upstream?.SetTag("http.response.status_code", status);
        if (status >= 400 && _upstream is not null)
            Tracer.Fail(_upstream, StatusText(status));
    }

    /// <summary>So many bytes of a body, or of a stream, came from the client.</summary>
    public void AddIn(long bytes)
    {
        if (_entry is not null)
            _entry.BytesIn += bytes;
    }

    /// <summary>So many went to the client.</summary>
    public void AddOut(long bytes)
    {
        if (_entry is not null)
            _entry.BytesOut += bytes;
    }

    /// <summary>A try is over.</summary>
    public void EndUpstream(ProxyError error)
    {
        if (_upstream is null)
            return;
        observer.Tracer.End(_upstream, error);
        _upstream = null;
    }

    /// <summary>Makes a recorded span the current one, so that what is measured until <see cref="End"/> is told to be of that trace.</summary>
    public void Measure()
    {
        if (_span is { Recorded: true })
            Activity.Current = _span;
    }

    /// <summary>The request is over: <paramref name="status"/> is that of the response, 0 where there is none.</summary>
    public void End(string endpointId, int status, ProxyError error, bool isUpgraded = false)
    {
        if (!HasBegun)
            return;
        EndUpstream(error);
        EndSpan(endpointId, status, error);
        if (_entry is { } entry)
        {
            entry.EndpointId = endpointId;
            entry.Status = status;
            entry.Error = error;
            entry.IsUpgraded = isUpgraded;
            entry.Tries = _tries;
            entry.EndedAt = observer.Time.GetTimestamp();
            _entry = null;
            observer.Log.Submit(entry);
        }

        HasBegun = false;
    }

    private void BeginEntry()
    {
        Abandon();
        HasBegun = true;
        _tries = 0;
        if (!observer.Log.IsEnabled)
            return;
        _entry = observer.Log.Rent();
        _entry.Time = observer.Time.GetUtcNow();
        _entry.StartedAt = observer.Time.GetTimestamp();
    }

    /// <summary>Forgets a request that is of no interest any more: another watch follows it.</summary>
    public void Abandon()
    {
        if (_entry is not null)
            observer.Log.Return(_entry);
        _entry = null;
        _span = _upstream = null;
        _unrecorded = null;
        HasBegun = false;
    }

    private void BeginSpan(in RequestFacts facts)
    {
        _hasParent = TraceParent.TryParse(facts.TraceParent, facts.TraceState, out var parent);
        if (!observer.Tracer.MayRecord(parent))
        {
            // A client's own passes as it is.
            if (!_hasParent)
                _unrecorded = UnrecordedTrace.Create();
            return;
        }

        var method = MethodName(facts.Method);
        _span = observer.Tracer.Start(method ?? "HTTP", ActivityKind.Server, parent);
        if (_span is { IsAllDataRequested: true })
            Tag(_span, facts, method);
    }

    private static void Tag(Activity span, in RequestFacts facts, string? method)
    {
        span.SetTag("http.request.method", method ?? "_OTHER");
        if (method is null)
            span.SetTag("http.request.method_original", Text(facts.Method));
        span.SetTag("url.scheme", facts.IsSecure ? "https" : "http");
        var query = facts.Target.IndexOf((byte)'?');
        span.SetTag("url.path", Text(query < 0 ? facts.Target : facts.Target[..query]));
        if (!facts.Host.IsEmpty)
            span.SetTag("server.address", Text(facts.Host));
        if (facts.Client is not null)
            span.SetTag("client.address", facts.Client.ToString());
        if (!facts.UserAgent.IsEmpty)
            span.SetTag("user_agent.original", Text(facts.UserAgent));
        span.SetTag("network.protocol.version", facts.Protocol is ['H', 'T', 'T', 'P', '/', .. var version] ? version : facts.Protocol);
    }

    private void EndSpan(string endpointId, int status, ProxyError error)
    {
        if (_span is not { } span)
            return;
        _span = null;
        if (span.IsAllDataRequested)
        {
            if (endpointId.Length > 0)
                span.SetTag("pico.endpoint", endpointId);
            if (status != 0)
                span.SetTag("http.response.status_code", status);
            if (error != ProxyError.None)
                span.SetTag("pico.error", ProxyErrors.Code(error));
            // What a client did wrong is no error of the server's (OpenTelemetry, HTTP spans).
            if (status >= 500 || error is not ProxyError.None && (status is 0 or < 400 or 499))
                Tracer.Fail(span, error == ProxyError.None ? StatusText(status) : ProxyErrors.Code(error));
        }

        observer.Tracer.End(span);
    }

    private static string StatusText(int status) => status.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes.Length > AccessEntry.MaxTarget ? bytes[..AccessEntry.MaxTarget] : bytes);

    /// <summary>The method, if it is a known one.</summary>
    private static string? MethodName(ReadOnlySpan<byte> method)
    {
        foreach (var known in Methods)
        {
            if (Ascii.Equals(method, known))
                return known;
        }

        return null;
    }
}
