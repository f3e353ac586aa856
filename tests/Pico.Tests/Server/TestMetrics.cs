using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Pico.Server.Admin.Metrics;
using Pico.Server.Upstreams;

namespace Pico.Tests.Server;

/// <summary>Real metrics that nobody reads.</summary>
internal static class TestMetrics
{
    public static ServerMetrics Create(TimeProvider? time = null) => new(Meters(), new RouteTable(), time ?? TimeProvider.System);

    public static IMeterFactory Meters() => new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
}
