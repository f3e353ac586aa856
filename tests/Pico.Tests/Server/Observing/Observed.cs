using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Server.Hosting;
using Pico.Server.Observing;
using Pico.Server.Observing.AccessLogs;
using Pico.Server.Observing.Tracing;

namespace Pico.Tests.Server.Observing;

/// <summary>An observer whose access log is a file, and whose spans are kept.</summary>
internal sealed class Observed : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly Tracer _tracer;
    private readonly ActivityListener? _listener;
    private readonly ConcurrentQueue<Activity> _spans = new();

    private Observed(Action<AccessLogOptions>? configure, ActivitySamplingResult? traces, TimeProvider time)
    {
        var options = new AccessLogOptions { IsEnabled = true, Output = _folder.File("access.log") };
        configure?.Invoke(options);
        LogPath = options.Output;
        var node = new NodeIdentity(new ServerOptions { NodeId = "node-1" });
        _tracer = new Tracer(node, time, new TracingOptions());
        Log = new AccessLog(options, node, TestMetrics.Meters(), time, NullLogger<AccessLog>.Instance);
        Observer = new RequestObserver(TestMetrics.Create(time), _tracer, Log, time);
        if (traces is not { } sampling)
            return;
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source == _tracer.Source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => sampling,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public RequestObserver Observer { get; }

    public AccessLog Log { get; }

    public string LogPath { get; }

    public static Observed Create(Action<AccessLogOptions>? configure = null, ActivitySamplingResult? traces = null, TimeProvider? time = null) =>
        new(configure, traces, time ?? TimeProvider.System);

    /// <summary>An observer that nothing is reported to.</summary>
    public static RequestObserver Nobody(TimeProvider time)
    {
        var node = new NodeIdentity(new ServerOptions());
        var log = new AccessLog(new AccessLogOptions(), node, TestMetrics.Meters(), time, NullLogger<AccessLog>.Instance);
        return new RequestObserver(TestMetrics.Create(time), new Tracer(node, time, new TracingOptions()), log, time);
    }

    /// <summary>The spans that have ended, the first to end first.</summary>
    public Activity[] Spans => [.. _spans];

    /// <summary>Ends the log and gives its lines.</summary>
    public string[] Lines()
    {
        Log.Dispose();
        return File.Exists(LogPath) ? File.ReadAllLines(LogPath) : [];
    }

    /// <summary>Ends the log and gives its entries.</summary>
    public JsonElement[] Entries() => [.. Lines().Select(line => JsonDocument.Parse(line).RootElement)];

    public void Dispose()
    {
        _listener?.Dispose();
        Log.Dispose();
        _tracer.Dispose();
        _folder.Dispose();
    }
}
