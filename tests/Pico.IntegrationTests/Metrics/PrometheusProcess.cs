using System.Globalization;
using System.Text;
using System.Text.Json;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Metrics;

/// <summary>Debian's Prometheus on a port of loopback, with data in a folder of its own, that scrapes every second.</summary>
internal sealed class PrometheusProcess : IAsyncDisposable
{
    private readonly HttpClient _http;
    private readonly TempFolder _folder;

    private PrometheusProcess(BackgroundProcess process, TempFolder folder, Uri address)
    {
        (Process, _folder) = (process, folder);
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = address };
    }

    /// <summary>The process itself.</summary>
    public BackgroundProcess Process { get; }

    /// <summary>Starts it. <paramref name="jobs"/>: the names of jobs with their targets (<c>host:port</c>).</summary>
    public static async Task<PrometheusProcess> StartAsync(IEnumerable<(string Job, string[] Targets)> jobs, string rules)
    {
        var folder = new TempFolder();
        var configuration = new StringBuilder("global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [rules.yaml]\nscrape_configs:\n");
        foreach (var (job, targets) in jobs)
            configuration.Append(CultureInfo.InvariantCulture, $"  - {{job_name: {job}, static_configs: [{{targets: [{string.Join(", ", targets.Select(t => $"'{t}'"))}]}}]}}\n");
        folder.Write("rules.yaml", rules);
        var file = folder.Write("prometheus.yaml", configuration.ToString());
        var address = new Uri($"http://127.0.0.1:{Ports.Free()}/");
        var process = BackgroundProcess.Start(
            Tool.Prometheus.Require(),
            ["--config.file", file, "--storage.tsdb.path", folder.File("data"), "--web.listen-address", address.Authority, "--log.level", "warn"]);
        await process.WaitUntilAsync("Prometheus is ready", token => Readiness.IsOkAsync(new(address, "/-/ready"), token));
        return new(process, folder, address);
    }

    /// <summary>The samples that <paramref name="expression"/> gives now, those that are no number left out: labels and value.</summary>
    public async Task<IReadOnlyList<(IReadOnlyDictionary<string, string> Labels, double Value)>> QueryAsync(string expression)
    {
        var result = (await AskAsync($"query?query={Uri.EscapeDataString(expression)}")).GetProperty("result");
        return
        [
            .. result.EnumerateArray()
                .Select(s => (Labels(s.GetProperty("metric")), double.Parse(s.GetProperty("value")[1].GetString()!, NumberStyles.Float, CultureInfo.InvariantCulture)))
                .Where(s => !double.IsNaN(s.Item2)),
        ];
    }

    /// <summary>The names of all metrics.</summary>
    public async Task<IReadOnlyList<string>> NamesAsync() => [.. (await AskAsync("label/__name__/values")).EnumerateArray().Select(n => n.GetString()!)];

    /// <summary>The names of the labels that the series of a metric had so far.</summary>
    public async Task<IReadOnlySet<string>> LabelsOfAsync(string metric)
    {
        var series = await AskAsync($"series?match[]={metric}");
        return series.EnumerateArray().SelectMany(s => s.EnumerateObject().Select(p => p.Name)).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>The type of each metric, as the processes gave it.</summary>
    public async Task<IReadOnlyDictionary<string, string>> TypesAsync() =>
        (await AskAsync("metadata")).EnumerateObject().ToDictionary(m => m.Name, m => m.Value[0].GetProperty("type").GetString()!, StringComparer.Ordinal);

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Process.DisposeAsync();
        _folder.Dispose();
    }

    private static Dictionary<string, string> Labels(JsonElement metric) => metric.EnumerateObject().ToDictionary(l => l.Name, l => l.Value.GetString()!, StringComparer.Ordinal);

    private async Task<JsonElement> AskAsync(string path)
    {
        using var response = await _http.GetAsync(new Uri($"api/v1/{path}", UriKind.Relative), TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {text}");
        return JsonDocument.Parse(text).RootElement.GetProperty("data");
    }
}
