using System.Diagnostics.Metrics;
using System.Text;
using Pico.Agent.Local;
using Pico.Kubernetes;
using Pico.Server.Hosting;

namespace Pico.Cli.Metrics;

/// <summary>Writes docs/metrics.md: every metric as Prometheus shows it, from the instruments themselves.</summary>
internal static class MetricsPage
{
    private const string Head = """
        # Metrics

        <!-- Generated from the instruments by `make docs`; do not edit. -->

        Every process has `/metrics`: a server and a controller on their admin ports, an agent on its own port (`--bind-addr`), in the text format of Prometheus. Servers and controllers also
        speak OpenMetrics, with exemplars: the durations of requests then name a trace, if the requests were traced. Servers and controllers have the metrics of the .NET runtime besides
        (`dotnet_*`: memory, collections, threads), and in OpenMetrics a `…_created` beside each counter and histogram: when it began.

        What a node counts is what came to *it*: sum over the nodes. Counters begin at 0 when a process starts. A series of a counter is there from its first event on, if its label is not one of a
        small set.

        **Bounds.** A node tells 1,000 endpoints apart, those that had requests first; the others are `other`. One that has had no upstream for 10 minutes is forgotten, with its counters, and makes room. Histograms
        forget none: they keep 2,000 names that came and went until the process starts again, and then have one series with `otel_metric_overflow="true"` for the rest. Names that clients make up cost nothing:
        they are counted with an empty `endpoint`.

        **Histograms** of requests have the bounds 1, 2.5, 5, 10, 25, 50, 100, 250 and 500 ms, 1, 2.5, 5, 10, 30 and 60 s; those of the controller end at 30 s.

        [Dashboards and alerts](observability.md#dashboards-and-alerts) use them.

        """;

    /// <summary>The page, in Markdown.</summary>
    public static async Task<string> WriteAsync()
    {
        var page = new StringBuilder(Head.ReplaceLineEndings("\n"));
        Section(page, "Server", await PicoServer.DescribeInstrumentsAsync());
        Section(page, "Controller", PicoController.DescribeInstruments());
        page.Append("\n## Agent\n\n| metric | type | labels | what |\n| --- | --- | --- | --- |\n");
        foreach (var metric in AgentMetrics.All)
            Row(page, metric.Name, metric.Type, metric.Labels, metric.Help);
        page.Append("\n## Labels\n\n| label | what |\n| --- | --- |\n");
        foreach (var (name, meaning) in MetricLabels.Meanings)
            page.Append($"| `{name}` | {meaning} |\n");
        return page.ToString();
    }

    /// <summary>The name that the exporter gives an instrument: points become underscores, the unit is appended, and <c>_total</c> to counters.</summary>
    public static string NameOf(Instrument instrument)
    {
        var name = instrument.Name.Replace('.', '_');
        var unit = instrument.Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        if (!name.EndsWith(unit, StringComparison.Ordinal))
            name += unit;
        return TypeOf(instrument) == "counter" ? name + "_total" : name;
    }

    private static void Section(StringBuilder page, string title, IEnumerable<Instrument> instruments)
    {
        page.Append($"\n## {title}\n\n| metric | type | labels | what |\n| --- | --- | --- | --- |\n");
        foreach (var instrument in instruments.OrderBy(NameOf, StringComparer.Ordinal))
            Row(page, NameOf(instrument), TypeOf(instrument), MetricLabels.Of(instrument.Name), instrument.Description ?? "");
    }

    private static void Row(StringBuilder page, string name, string type, IReadOnlyList<string> labels, string help) =>
        page.Append($"| `{name}` | {type} | {string.Join(", ", labels.Select(static l => $"`{l}`"))} | {help} |\n");

    private static string TypeOf(Instrument instrument)
    {
        var kind = instrument.GetType().Name;
        return kind.Contains("Histogram", StringComparison.Ordinal) ? "histogram" : kind.Contains("Gauge", StringComparison.Ordinal) ? "gauge" : "counter";
    }
}
