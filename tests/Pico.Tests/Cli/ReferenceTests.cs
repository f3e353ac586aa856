using Pico.Cli.Metrics;
using Pico.Server.Admin.Metrics;

namespace Pico.Tests.Cli;

public sealed class ReferenceTests
{
    [Fact]
    public async Task ConfigurationPage_InTheRepository_IsWhatTheOptionsGive()
    {
        var (exitCode, output, _) = await CommandLine.RunAsync("reference");

        Assert.Equal(0, exitCode);
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "configuration.md"), TestContext.Current.CancellationToken);
        Assert.True(page == output, "docs/configuration.md is not in step with the options: run `make docs`.");
    }

    [Fact]
    public async Task MetricsPage_InTheRepository_IsWhatTheInstrumentsGive()
    {
        var (exitCode, output, _) = await CommandLine.RunAsync("metrics-reference");

        Assert.Equal(0, exitCode);
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "metrics.md"), TestContext.Current.CancellationToken);
        Assert.True(page == output, "docs/metrics.md is not in step with the instruments: run `make docs`.");
    }

    [Fact]
    public void Instruments_ThatMayHaveManySeries_AreThoseWithTheLabelEndpoint() =>
        Assert.Equal(MetricLabels.With("endpoint").Order(StringComparer.Ordinal), SeriesLimits.PerEndpoint.Order(StringComparer.Ordinal));
}
