using System.Text.RegularExpressions;
using Pico.IntegrationTests.Fixtures;
using Pico.Tests;

namespace Pico.IntegrationTests.Metrics;

/// <summary>What Prometheus gets from Pico, and makes of it.</summary>
[Collection(nameof(Alone))]
public sealed partial class PrometheusTests(MonitoredDeployment pico) : IClassFixture<MonitoredDeployment>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    public static IEnumerable<TheoryDataRow<string>> Dashboards { get; } = [.. Dashboard.Names.Select(n => new TheoryDataRow<string>(n))];

    [Theory(Timeout = 240_000)]
    [MemberData(nameof(Dashboards))]
    public async Task Dashboard_EveryQuery_GivesData(string name)
    {
        Tool.Prometheus.Require();
        var waiting = Dashboard.Queries(name).ToList();
        Assert.NotEmpty(waiting);

        await UntilNoneIsLeftAsync(waiting, async query => (await pico.Prometheus.QueryAsync(query.Query)).Count > 0);
    }

    [Fact(Timeout = 240_000)]
    public async Task Alerts_EachOfThem_Fires()
    {
        Tool.Prometheus.Require();
        var waiting = Alerts.Names.ToList();
        Assert.NotEmpty(waiting);

        await UntilNoneIsLeftAsync(waiting, async alert => (await pico.Prometheus.QueryAsync($"last_over_time(ALERTS{{alertname=\"{alert}\", alertstate=\"firing\"}}[10m])")).Count > 0);
    }

    [Fact(Timeout = 60_000)]
    public async Task Rules_AreGoodByPromtool() => Assert.Equal(0, (await Command.RunAsync(Tool.Promtool, "check", "rules", Alerts.File)).Succeeded().ExitCode);

    [Fact(Timeout = 240_000)]
    public async Task Pages_OfServerAgentAndController_AreCleanByPromtool()
    {
        Tool.Prometheus.Require();
        foreach (var page in pico.Pages)
        {
            var text = await Readiness.GetAsync(page);
            var check = await new Command(Tool.Promtool, "check", "metrics") { Input = stream => stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text)).AsTask() }.RunAsync();
            Assert.True(check is { ExitCode: 0, Error: "", Text: "" }, $"{page}: {check.Text}{check.Error}");
        }
    }

    [Fact(Timeout = 240_000)]
    public async Task Metrics_AsTheyAreScraped_AreThoseOfTheDocumentation()
    {
        Tool.Prometheus.Require();
        var documented = Row().Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "metrics.md"), TestContext.Current.CancellationToken))
            .ToDictionary(m => m.Groups["name"].Value, m => (Type: m.Groups["type"].Value, Labels: Label().Matches(m.Groups["labels"].Value).Select(l => l.Groups[1].Value).Order().ToArray()));
        Assert.True(documented.Count > 60);
        var types = await pico.Prometheus.TypesAsync();
        foreach (var name in (await pico.Prometheus.NamesAsync()).Where(n => n.StartsWith("pico_", StringComparison.Ordinal) && !n.EndsWith("_created", StringComparison.Ordinal)))
        {
            var metric = documented.ContainsKey(name) ? name : Part().Replace(name, "");
            Assert.True(documented.TryGetValue(metric, out var row), $"{name} is not in docs/metrics.md.");
            var labels = (await pico.Prometheus.LabelsOfAsync(name)).Except(["__name__", "instance", "job", "le", "otel_scope_name"]).Order();
            Assert.True(row.Labels.SequenceEqual(labels), $"{name} has the labels {string.Join(", ", labels)}; docs/metrics.md says {string.Join(", ", row.Labels)}.");
            if (types.TryGetValue(metric, out var type) || types.TryGetValue(Total().Replace(metric, ""), out type))
                Assert.True(row.Type == type, $"{name} is a {type}; docs/metrics.md says {row.Type}.");
        }
    }

    private static async Task UntilNoneIsLeftAsync<T>(List<T> waiting, Func<T, Task<bool>> isThere)
    {
        try
        {
            await Deadline.UntilAsync("all is there", Patience, async _ =>
            {
                for (var i = waiting.Count - 1; i >= 0; i--)
                {
                    if (await isThere(waiting[i]))
                        waiting.RemoveAt(i);
                }

                return waiting.Count == 0;
            });
        }
        catch (TimeoutException)
        {
            Assert.Fail($"Nothing came of:\n{string.Join('\n', waiting)}");
        }
    }

    [GeneratedRegex(@"^\| `(?<name>\w+)` \| (?<type>counter|gauge|histogram) \| (?<labels>[^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`(\\w+)`")]
    private static partial Regex Label();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Part();

    [GeneratedRegex("_total$")]
    private static partial Regex Total();
}
