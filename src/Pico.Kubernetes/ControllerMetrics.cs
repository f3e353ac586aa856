using System.Diagnostics.Metrics;
using System.Text.Json;
using Pico.Kubernetes.Injecting;
using Pico.Kubernetes.Reconciling;

namespace Pico.Kubernetes;

/// <summary>What the controller counts: verbs outside, instruments inside. From any thread.</summary>
internal sealed class ControllerMetrics
{
    /// <summary>The meter of everything in this room.</summary>
    public const string MeterName = "Pico.Kubernetes";

    private static readonly InstrumentAdvice<double> DurationBuckets = new() { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] };

    private readonly Counter<long> _injections;
    private readonly Counter<long> _problems;
    private readonly Counter<long> _events;
    private readonly Histogram<double> _reconciles;
    private readonly Histogram<double> _reviews;

    public ControllerMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _injections = meter.CreateCounter<long>("pico.controller.admissions", "{pod}", "Pods that were reviewed at the webhook.");
        _problems = meter.CreateCounter<long>("pico.controller.annotation.problems", "{annotation}", "Annotations of pods that were not followed.");
        _events = meter.CreateCounter<long>("pico.controller.events", "{event}", "Events that were written.");
        _reviews = meter.CreateHistogram("pico.controller.admission.duration", "s", "How long the review of a pod took.", tags: null, DurationBuckets);
        _reconciles = meter.CreateHistogram("pico.controller.reconcile.duration", "s", "How long a look at one object took.", tags: null, DurationBuckets);
        meter.CreateObservableGauge("pico.controller.leader", () => IsLeader() ? 1 : 0, null, "1 if this controller leads.");
        meter.CreateObservableGauge("pico.controller.queue.depth", () => QueueDepth(), "{object}", "Objects that wait to be looked at.");
        meter.CreateObservableGauge("pico.controller.pods.missed", () => MissedPods(), "{pod}", "Pods that ask for an agent and were made without one.");
        meter.CreateObservableGauge(
            "pico.controller.certificate.remaining", () => CertificateRemaining() is { } left ? [new Measurement<double>(left.TotalSeconds)] : Array.Empty<Measurement<double>>(),
            "s", "How long the webhook's certificate is still valid.");
    }

    /// <summary>Where the gauges look.</summary>
    public Func<bool> IsLeader { get; set; } = static () => false;

    /// <inheritdoc cref="IsLeader"/>
    public Func<int> QueueDepth { get; set; } = static () => 0;

    /// <inheritdoc cref="IsLeader"/>
    public Func<int> MissedPods { get; set; } = static () => 0;

    /// <inheritdoc cref="IsLeader"/>
    public Func<TimeSpan?> CertificateRemaining { get; set; } = static () => null;

    /// <summary>A pod was reviewed, in that time.</summary>
    public void Reviewed(InjectionResult result, TimeSpan duration)
    {
        _injections.Add(1, Label("outcome", result.Outcome), new("reason", result.Reason is { } reason ? Words(reason) : ""));
        _reviews.Record(duration.TotalSeconds);
        if (result.Outcome == InjectionOutcome.Injected && result.Problems.Count > 0)
            _problems.Add(result.Problems.Count);
    }

    /// <summary>An Event was written.</summary>
    public void EventWritten(string reason) => _events.Add(1, new KeyValuePair<string, object?>("reason", reason));

    /// <summary>An object was looked at.</summary>
    public void Reconciled(WorkKind kind, bool wentWell, TimeSpan duration) =>
        _reconciles.Record(duration.TotalSeconds, Label("kind", kind), new("result", wentWell ? "ok" : "error"));

    private static KeyValuePair<string, object?> Label<T>(string name, T value)
        where T : struct, Enum => new(name, Words(value));

    private static string Words<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
