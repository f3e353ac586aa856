using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Playwright;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Page;

[Collection(nameof(Alone))]
public sealed class StatusPageTests(Browser browser) : IClassFixture<Browser>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Cluster_ANodeJoins_IsShownWithinTwoSeconds()
    {
        var (gossip, other) = (Ports.Free(), Ports.Free());
        await using var first = await ServerProcess.StartAsync(Options("node-1", gossip, gossip));
        await using var page = await browser.OpenAsync(first.Admin);
        await page.ShowsAsync("#zones .node:has-text('node-1') .tag[data-state=ready]", Patience);

        await using var second = await ServerProcess.StartAsync(Options("node-2", other, gossip));
        await first.Process.WaitUntilAsync("it knows the other", async token => (await Readiness.GetAsync(new(first.Admin, "/status/nodes"))).Contains("node-2", StringComparison.Ordinal));

        await page.ShowsAsync("#zones .node:has-text('node-2') .tag[data-state=ready]", Soon);
        await page.ShowsAsync("#events [data-kind=nodeJoined]", Soon);
        await page.Page.SelectOptionAsync("#node", "node-2"); // as the other sees it, over the peer link
        await page.ShowsAsync("#zones .node.self:has-text('node-2')", Patience);
        page.AssertIsClean();
    }

    [Fact]
    public async Task Endpoint_FailsAndRecovers_IsShownWithinTwoSecondsEach()
    {
        var (isBroken, answer) = (false, 0);
        await using var service = await WebService.StartAsync(app => app.MapGet("/", (HttpContext context) =>
        {
            if (Volatile.Read(ref isBroken))
                context.Abort();
            return "fine";
        }));
        await using var pico = await Deployment.StartAsync($"orders/http://127.0.0.1:{service.Port}");
        using var http = new HttpClient();
        await using var traffic = SteadyLoad.Start(20, async _ =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, pico.Proxy);
            request.Headers.Add("x-pico-endpoint", "orders");
            using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
            Volatile.Write(ref answer, (int)response.StatusCode);
        });
        await using var page = await browser.OpenAsync(pico.Server.Admin);
        await page.ShowsAsync("#endpoints tr[data-state=healthy]:has-text('orders')", Patience);

        Volatile.Write(ref isBroken, true);
        await AnsweredAsync(502);
        await page.ShowsAsync("#endpoints tr[data-state=failing]:has-text('orders')", Soon);
        await page.ShowsAsync("#totals [data-level=bad]:has-text('Endpoints')", Soon);

        Volatile.Write(ref isBroken, false);
        await AnsweredAsync(200);
        await page.ShowsAsync("#endpoints tr:is([data-state=degraded], [data-state=healthy]):has-text('orders')", Soon);
        await page.ShowsAsync("#endpoints tr[data-state=healthy]:has-text('orders')", Patience);
        page.AssertIsClean();

        // The first client to see it is when it is so.
        Task AnsweredAsync(int status) => pico.Server.Process.WaitUntilAsync($"clients get {status}", () => Volatile.Read(ref answer) == status);
    }

    [Theory]
    [InlineData(ColorScheme.Light, 1440)]
    [InlineData(ColorScheme.Dark, 1440)]
    [InlineData(ColorScheme.Light, 390)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task Page_InEveryColourAndWidth_IsAccessibleAndFits(ColorScheme scheme, int width)
    {
        var gossip = Ports.Free();
        await using var server = await ServerProcess.StartAsync(Options("node-1", gossip, gossip));
        await using var agent = await AgentProcess.StartAsync(server.Upstream, "orders/http://127.0.0.1:9,users/tcp://127.0.0.1:9");
        await using var page = await browser.OpenAsync(server.Admin, scheme, width);
        using var http = new HttpClient { DefaultRequestHeaders = { { "x-pico-endpoint", "orders" } } };
        using var failed = await http.GetAsync(server.Proxy, TestContext.Current.CancellationToken);
        await page.ShowsAsync("#endpoints tr:is([data-state=unavailable], [data-state=degraded]):has-text('orders')", Patience);

        await page.AssertIsAccessibleAsync("endpoints");
        Assert.Equal(width, await page.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        await page.Page.ClickAsync("#endpoints .link >> nth=0");
        await page.ShowsAsync("#details .figures", Patience);
        await page.AssertIsAccessibleAsync("details");
        await page.Page.Keyboard.PressAsync("Escape");
        await page.Page.FocusAsync("#tab-endpoints");
        await page.Page.Keyboard.PressAsync("ArrowRight");
        await page.ShowsAsync("#tunnels tbody tr", Patience);
        await page.AssertIsAccessibleAsync("tunnels");
        await page.Page.ClickAsync("#theme");
        await page.AssertIsAccessibleAsync("the other theme");
        page.AssertIsClean();
    }

    [Fact]
    public async Task Search_ForAnEndpoint_ShowsThatOnly()
    {
        await using var pico = await Deployment.StartAsync("orders/9,users/9,payments/9");
        await using var page = await browser.OpenAsync(pico.Server.Admin);
        await page.ShowsAsync("#endpoints tr:has-text('users')", Patience);

        await page.Page.FillAsync("#search", "PAY");

        await page.ShowsAsync("#endpoints tbody:not(:has-text('users')):has-text('payments')", Patience);
        Assert.Equal(1, await page.Page.Locator("#endpoints tbody tr").CountAsync());
        await page.Page.FillAsync("#search", "nothing");
        await page.ShowsAsync("#endpoints .empty:has-text('No endpoint fits')", Patience);
        page.AssertIsClean();
    }

    [Fact]
    public async Task Page_WhereTokensAreAskedFor_ShowsNothingWithoutAndEverythingWithOne()
    {
        using var folder = new TempFolder();
        using var issuer = new TokenIssuer("key-1");
        var keys = folder.Write("keys.json", TokenIssuer.Jwks(issuer));
        await using var pico = await Deployment.StartAsync("orders/9", ["--admin.auth.jwks-file", keys]);
        await using var page = await browser.OpenAsync(pico.Server.Admin);
        page.Expected = "401";

        await page.ShowsAsync("#sign-in[open]", Patience);
        await page.AssertIsAccessibleAsync("sign in");
        Assert.DoesNotContain("orders", await page.Page.ContentAsync(), StringComparison.Ordinal);
        await page.Page.FillAsync("#token", "nonsense");
        await page.Page.Keyboard.PressAsync("Enter");
        await page.ShowsAsync("#sign-in[open] #sign-in-reason:not(:has-text('pico token mint'))", Patience);
        await page.Page.FillAsync("#token", issuer.Mint(TimeSpan.FromMinutes(5), "*"));
        await page.Page.Keyboard.PressAsync("Enter");

        await page.ShowsAsync("#endpoints tr:has-text('orders')", Patience);
        Assert.Equal(0, await page.Page.EvaluateAsync<int>("localStorage.length"));
        Assert.Empty(await page.Page.Context.CookiesAsync());
        await page.Page.ClickAsync("#sign-out");
        await page.ShowsAsync("#sign-in[open]", Patience);
        page.AssertIsClean();
    }

    private static string[] Options(string id, int gossip, int join) =>
    [
        "--node-id", id, "--cluster.bind-addr", $"127.0.0.1:{gossip}", "--cluster.join", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{join}"),
        "--cluster.join-timeout", "1s", "--cluster.zone", "east",
    ];
}
