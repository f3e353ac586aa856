using OpenTelemetry.Trace;
using Pico.Server.Limits;

namespace Pico.Server.Observing.Tracing;

/// <summary>
/// Records the first traces of each second, so that a node with little to do has all of its requests in traces, and a busy one pays no more for them than
/// it did before. For traces that begin here; those of a client that traces are its own to decide on.
/// </summary>
internal sealed class RateSampler(int perSecond, TimeProvider time) : Sampler
{
    private readonly Rate _rate = Rate.PerSecond(perSecond, time)!;
    private long _paidUntil;

    /// <inheritdoc/>
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
        new(_rate.TryTake(ref _paidUntil, time.GetTimestamp()) ? SamplingDecision.RecordAndSample : SamplingDecision.Drop);
}
