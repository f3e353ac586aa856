using System.Diagnostics.Metrics;
using Pico.Kubernetes.Injecting;

namespace Pico.Kubernetes;

/// <summary>What the controller counts: verbs outside, instruments inside. From any thread.</summary>
internal sealed class ControllerMetrics
{
    /// <summary>The meter of everything in this room.</summary>
    public const string MeterName = "Pico.Kubernetes";

    private static readonly double[] DurationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    private readonly Counter<long> _injections;
    private readonly Counter<long> _problems;
    private readonly Counter<long> _events;
    private readonly Histogram<double> _reconciles;

    public ControllerMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _injections = meter.CreateCounter<long>("pico.controller.admissions", "{pod}", "Pods that were reviewed at the webhook, by what became of them.");
        _problems = meter.CreateCounter<long>("pico.controller.annotation.problems", "{annotation}", "Annotations of pods that were not followed.");
        _events = meter.CreateCounter<long>("pico.controller.events", "{event}", "Events that were written, by reason.");
        _reconciles = meter.CreateHistogram(
            "pico.controller.reconcile.duration", "s", "Looks at one object, by whether they went well.", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBuckets });
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

    /// <summary>A pod was reviewed.</summary>
    public void Reviewed(InjectionOutcome outcome, int problems)
    {
        _injections.Add(1, new KeyValuePair<string, object?>("outcome", outcome.ToString()));
        if (outcome == InjectionOutcome.Injected && problems > 0)
            _problems.Add(problems);
    }

    /// <summary>An Event was written.</summary>
    public void EventWritten(string reason) => _events.Add(1, new KeyValuePair<string, object?>("reason", reason));

    /// <summary>An object was looked at.</summary>
    public void Reconciled(bool wentWell, TimeSpan duration) =>
        _reconciles.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("result", wentWell ? "ok" : "error"));
}
