using Pico.Server.Admin.Metrics;
using Pico.Server.Observing.AccessLogs;
using Pico.Server.Observing.Tracing;

namespace Pico.Server.Observing;

/// <summary>Who wants to know of requests: the metrics, always; traces and the access log, if they are on. Watches of requests report to those.</summary>
internal sealed class RequestObserver(ServerMetrics metrics, Tracer tracer, AccessLog log, TimeProvider time)
{
    /// <summary>The metrics.</summary>
    public ServerMetrics Metrics => metrics;

    /// <summary>The spans.</summary>
    public Tracer Tracer => tracer;

    /// <summary>The log.</summary>
    public AccessLog Log => log;

    /// <summary>The clock.</summary>
    public TimeProvider Time => time;

    /// <summary>False: neither traces nor the log want to know of the requests that begin now.</summary>
    public bool IsOn => log.IsEnabled || tracer.IsEnabled;
}
