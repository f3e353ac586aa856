using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace Pico.Tests.Server.Admin;

public sealed partial class PageFilesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Page_EveryFileThatItNames_IsServedWithAStrictPolicy()
    {
        await using var server = await TestServer.StartAsync();
        var names = new HashSet<string> { "/" };
        for (var looked = 0; looked < names.Count; looked++)
        {
            var name = names.ElementAt(looked);
            using var response = await server.AdminAsync(name);
            Assert.True(response.StatusCode == HttpStatusCode.OK, name);
            Assert.Contains("default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.Equal(["nosniff"], response.Headers.GetValues("X-Content-Type-Options"));
            var text = await response.Content.ReadAsStringAsync(Cancel);
            foreach (Match match in Reference().Matches(text))
                names.Add("/" + match.Groups["path"].Value);
            foreach (Match match in Import().Matches(text))
                names.Add("/page/" + match.Groups["path"].Value);
        }

        Assert.True(names.Count > 12, string.Join(", ", names));
    }

    [Fact]
    public async Task Page_NamesNothingElsewhereAndHasNothingInline()
    {
        await using var server = await TestServer.StartAsync();
        using var response = await server.AdminAsync("/");
        var html = await response.Content.ReadAsStringAsync(Cancel);

        Assert.DoesNotContain("//", html.Replace("<!doctype html>", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("<style", html, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"<script(?![^>]*\ssrc=)", html);
        Assert.DoesNotMatch(@"\s(style|on[a-z]+)=", html);
    }

    [Fact]
    public async Task Page_KnownAlready_IsNotSentAgain()
    {
        await using var server = await TestServer.StartAsync();
        using var http = new HttpClient();
        using var first = await server.AdminAsync("/page/main.js");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{server.Server.AdminAddress}/page/main.js");
        request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Parse(first.Headers.ETag!.ToString()));

        using var second = await http.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Empty(await second.Content.ReadAsByteArrayAsync(Cancel));
    }

    [Theory]
    [InlineData("/", HttpStatusCode.OK)]
    [InlineData("/page/main.js", HttpStatusCode.OK)]
    [InlineData("/page/PageFiles.cs", HttpStatusCode.Unauthorized)]
    [InlineData("/status", HttpStatusCode.Unauthorized)]
    [InlineData("/status/endpoints", HttpStatusCode.Unauthorized)]
    [InlineData("/events", HttpStatusCode.Unauthorized)]
    [InlineData("/openapi.json", HttpStatusCode.Unauthorized)]
    public async Task Path_WhereTokensAreAskedFor_IsOpenOnlyIfItSaysNothing(string path, HttpStatusCode expected)
    {
        await using var server = await TestServer.StartAsync(o => o.Admin.Auth.Secret = new string('s', 32));

        using var response = await server.AdminAsync(path);

        Assert.Equal(expected, response.StatusCode);
    }

    [GeneratedRegex("(href|src)=\"(?<path>page/[a-z.]+)\"")]
    private static partial Regex Reference();

    [GeneratedRegex("from \"\\./(?<path>[a-z.]+)\"")]
    private static partial Regex Import();
}
