using System.Diagnostics.Metrics;
using Pico.Server.Admin.Metrics;

namespace Pico.Server.Auth;

/// <summary>What the gates count: looked up when somebody asks.</summary>
internal sealed class AuthMetrics
{
    private readonly AuthGates _gates;

    public AuthMetrics(IMeterFactory meters, AuthGates gates)
    {
        _gates = gates;
        meters.Create(ServerMetrics.MeterName).CreateObservableCounter("pico.token.refusals", Measure, "{token}", "Tokens that were refused.");
    }

    private IEnumerable<Measurement<long>> Measure()
    {
        foreach (var (port, gate) in new[] { ("proxy", _gates.Proxy), ("upstream", _gates.Upstream), ("admin", _gates.Admin) })
        {
            foreach (var reason in Enum.GetValues<TokenFailure>())
                yield return new Measurement<long>(gate.Refused(reason), new("port", port), MetricLabel.Of("reason", reason));
        }
    }
}
