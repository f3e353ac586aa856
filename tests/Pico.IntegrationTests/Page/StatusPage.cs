using System.Collections.Concurrent;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Pico.IntegrationTests.Page;

/// <summary>The status page in a browser, and what the browser had to say about it.</summary>
internal sealed class StatusPage : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _complaints = new();

    private StatusPage(IPage page, Uri admin)
    {
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning" && !IsExpected(message.Text))
                _complaints.Enqueue($"console: {message.Text}");
        };
        page.PageError += (_, error) => _complaints.Enqueue($"error: {error}");
        page.Request += (_, request) =>
        {
            if (new Uri(request.Url).Authority != admin.Authority)
                _complaints.Enqueue($"request to elsewhere: {request.Url}");
        };
    }

    /// <summary>What the page shows.</summary>
    public IPage Page { get; }

    /// <summary>What the browser logs of answers that the test means to get, such as 401.</summary>
    public string Expected { get; set; } = "";

    /// <summary>Opens it.</summary>
    public static async Task<StatusPage> OpenAsync(IPage page, Uri admin)
    {
        var opened = new StatusPage(page, admin);
        await page.GotoAsync(admin.ToString());
        return opened;
    }

    /// <summary>Waits until something is to be seen, for so long at the most; fails if it is not, and says what is.</summary>
    public async Task ShowsAsync(string selector, TimeSpan patience)
    {
        try
        {
            await Page.WaitForSelectorAsync(selector, new() { Timeout = (float)patience.TotalMilliseconds, State = WaitForSelectorState.Visible });
        }
        catch (TimeoutException exception)
        {
            Assert.Fail($"After {patience.TotalSeconds} s the page does not show {selector}: {exception.Message}\n{await Page.InnerTextAsync("body")}");
        }
    }

    /// <summary>Fails if the browser complained of anything, or asked anybody but the node.</summary>
    public void AssertIsClean() => Assert.Empty(_complaints);

    /// <summary>Fails if axe-core finds what is serious.</summary>
    public async Task AssertIsAccessibleAsync(string what)
    {
        var found = await Page.RunAxe();
        Assert.Empty(found.Violations.Where(v => v.Impact is "serious" or "critical").Select(v => $"{what}: {v.Id}, {v.Help}: {string.Join("; ", v.Nodes.Select(Describe))}"));
    }

    public async ValueTask DisposeAsync() => await Page.Context.DisposeAsync();

    private static string Describe(AxeResultNode node) => $"{node.Html} {string.Join(' ', node.Any.Select(c => c.Message))}";

    private bool IsExpected(string text) => Expected.Length > 0 && text.Contains(Expected, StringComparison.Ordinal);
}
