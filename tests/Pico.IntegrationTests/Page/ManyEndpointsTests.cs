using System.Text;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Page;

/// <summary>How the page does where there are many endpoints: what it costs its browser, and how soon it answers.</summary>
[Collection(nameof(Alone))]
public sealed class ManyEndpointsTests(Browser browser) : IClassFixture<Browser>
{
    private const int Count = 5000;

    // A browser on one of two cores that others use too; people notice from 100 ms on.
    private static readonly TimeSpan LongestTask = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Page_WithFiveThousandEndpoints_StaysResponsive()
    {
        using var folder = new TempFolder();
        var yaml = new StringBuilder("endpoints:\n");
        for (var i = 0; i < Count; i++)
            yaml.Append($"  - id: endpoint-{i:d4}\n    address: http://127.0.0.1:9\n");
        var file = folder.Write("endpoints.yaml", yaml.ToString());
        await using var server = await ServerProcess.StartAsync("--upstream.max-endpoints-per-tunnel", "0");
        await using var agent = AgentProcess.Launch(server.Upstream, "first/9", "--endpoints-file", file, "--connections", "1");
        await using var page = await browser.OpenAsync(server.Admin);
        await page.ShowsAsync($"#endpoint-count:has-text('{Count + 1:n0}')", Patience);

        await page.Page.EvaluateAsync("""
            () => {
              window.longest = 0;
              new PerformanceObserver((list) => { for (const e of list.getEntries()) window.longest = Math.max(window.longest, e.duration); }).observe({ type: "longtask" });
              window.frame = 0; let last = performance.now();
              const tick = (now) => { window.frame = Math.max(window.frame, now - last); last = now; requestAnimationFrame(tick); };
              requestAnimationFrame(tick);
            }
            """);
        foreach (var sort in new[] { "rate", "errors", "latency", "id" })
            await page.Page.ClickAsync($"#endpoints th button >> nth={Array.IndexOf(["id", "state", "rate", "errors", "latency"], sort)}");
        await page.ShowsAsync("#endpoints tbody tr:has-text('endpoint-0000')", Patience);
        for (var i = 0; i < 5; i++)
            await page.Page.ClickAsync(".pager button:has-text('Next') >> nth=0");
        await page.Page.FillAsync("#search", "endpoint-4321");
        await page.ShowsAsync("#endpoints tbody tr:first-child:has-text('endpoint-4321')", TimeSpan.FromSeconds(2));
        await page.Page.FillAsync("#search", "");
        await page.ShowsAsync("#endpoints tbody tr:nth-child(50)", Patience);

        var (longest, frame) = (await page.Page.EvaluateAsync<double>("window.longest"), await page.Page.EvaluateAsync<double>("window.frame"));
        TestContext.Current.TestOutputHelper?.WriteLine($"longest task {longest:0} ms, longest frame {frame:0} ms");
        Assert.True(longest < LongestTask.TotalMilliseconds, $"The longest task took {longest:0} ms.");
        Assert.Equal(50, await page.Page.Locator("#endpoints tbody tr").CountAsync());
        page.AssertIsClean();
    }
}
