using Microsoft.Extensions.Logging.Abstractions;
using Pico.Server.Limits;

namespace Pico.Tests.Server.Limits;

/// <summary>Limits for tests of other rooms.</summary>
internal static class TestLimits
{
    public static RequestLimits Create(ProxyLimits options, LoadTable<ClientKey> clients, TimeProvider time) => new(options, clients, Metrics(time), time);

    public static LimitMetrics Metrics(TimeProvider time) => new(TestMetrics.Meters(), time, NullLogger<LimitMetrics>.Instance);
}
