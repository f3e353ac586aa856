using System.Text;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Page;

/// <summary>How the page does where there are many endpoints: what it costs its browser, and how soon it answers.</summary>
[Collection(nameof(Alone))]
public sealed class ManyEndpointsTests(Browser browser) : IClassFixture<Browser>
{
    private const int Count = 5000;
    private const int OfAgent = 1000; // an agent serves no more

    // A browser on one of two cores that others use too; people notice from 100 ms on.
    private static readonly TimeSpan LongestTask = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Page_WithFiveThousandEndpoints_StaysResponsive()
    {
        using var folder = new TempFolder();
        await using var server = await ServerProcess.StartAsync();
        var agents = new List<AgentProcess>();
        try
        {
            for (var first = 0; first < Count; first += OfAgent)
                agents.Add(AgentProcess.Launch(server.Upstream, $"endpoint-{first:d4}/9", "--connections", "1", "--endpoints-file", Write(folder, first + 1, OfAgent - 1)));
            await using var page = await browser.OpenAsync(server.Admin);
            await page.ShowsAsync($"#endpoint-count:has-text('{Count:n0}')", Patience);
            // Who else uses the machine makes a task long now and then: one that is long by itself is so each time.
            var longest = double.MaxValue;
            for (var round = 0; round < 4 && longest >= LongestTask.TotalMilliseconds; round++)
                longest = Math.Min(longest, await UseAsync(page));
            Assert.True(longest < LongestTask.TotalMilliseconds, $"The longest task took {longest:0} ms.");
            page.AssertIsClean();
        }
        finally
        {
            foreach (var agent in agents)
                await agent.DisposeAsync();
        }
    }

    /// <summary>Sorts, turns pages and searches; gives the longest task of the page's thread meanwhile, in milliseconds.</summary>
    private static async Task<double> UseAsync(StatusPage page)
    {
        await page.Page.EvaluateAsync("""
            () => {
              window.longest = 0;
              window.observer?.disconnect();
              window.observer = new PerformanceObserver((list) => { for (const e of list.getEntries()) window.longest = Math.max(window.longest, e.duration); });
              window.observer.observe({ type: "longtask" });
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
        Assert.Equal(50, await page.Page.Locator("#endpoints tbody tr").CountAsync());
        return longest;
    }

    private static string Write(TempFolder folder, int first, int count)
    {
        var yaml = new StringBuilder("endpoints:\n");
        for (var i = first; i < first + count; i++)
            yaml.Append($"  - id: endpoint-{i:d4}\n    address: http://127.0.0.1:9\n");
        return folder.Write($"{first}.yaml", yaml.ToString());
    }
}
