using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Pico.Server.Admin;
using Pico.Server.Auth;
using Pico.Server.Hosting;

namespace Pico.Tests.Server.Admin;

public sealed class DrainPathTests
{
    [Fact]
    public async Task Drain_FromThisMachine_AsksTheOwnerToStop()
    {
        await using var server = await TestServer.StartAsync();
        Assert.False(server.Server.DrainRequested.IsCompleted);

        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server));

        await server.Server.DrainRequested.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    public async Task Drain_FromAPage_IsForbidden(string header, string value)
    {
        await using var server = await TestServer.StartAsync();

        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(server, (header, value)));

        Assert.False(server.Server.DrainRequested.IsCompleted);
    }

    [Fact]
    public async Task Drain_WithTokensConfigured_NeedsOne()
    {
        await using var server = await TestServer.StartAsync(o => o.Admin.Auth.Secret = new string('s', 32));

        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync(server));
    }

    [Fact]
    public async Task Drain_ByGet_IsNotAllowed()
    {
        await using var server = await TestServer.StartAsync();

        using var response = await server.AdminAsync("/drain");

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(["POST"], response.Content.Headers.Allow);
        Assert.False(server.Server.DrainRequested.IsCompleted);
    }

    [Theory]
    [InlineData("192.0.2.1", false)]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    public async Task Drain_WithoutTokens_IsForThisMachineOnly(string remote, bool allowed)
    {
        await using var services = new ServiceCollection()
            .AddSingleton(new ServerOptions())
            .AddSingleton(TimeProvider.System)
            .AddLogging()
            .AddSingleton<AuthGates>()
            .AddSingleton<NodeLifecycle>()
            .BuildServiceProvider();
        var context = new DefaultHttpContext { RequestServices = services };
        context.Connection.RemoteIpAddress = IPAddress.Parse(remote);

        await DrainPath.AnswerAsync(context);

        Assert.Equal(allowed ? 202 : 403, context.Response.StatusCode);
    }

    private static async Task<HttpStatusCode> PostAsync(TestServer server, params (string Name, string Value)[] headers)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{server.Server.AdminAddress}/drain");
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
