using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Pico.Server.Hosting;
using Pico.Tests.Server.Proxy.General;
using Pico.Tests.Server.Proxy.Http1;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Limits;

/// <summary>Bodies larger than allowed, on each path, with a length and without.</summary>
public sealed class BodySizeTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static ProxyOptions Options => new() { Limits = { RequestBodySize = 10 } };

    [Theory]
    [InlineData("Content-Length: 11\r\n\r\n0123456789A")]
    [InlineData("Content-Length: 9223372036854775807\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nb\r\n0123456789A\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n6\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n")]
    public async Task Lean_BodyTooLarge_413AndNothingReachesTheService(string rest)
    {
        await using var harness = await Http1Harness.StartAsync(_ => Ok, Options);
        var client = harness.Connect();

        await client.SendAsync($"POST / HTTP/1.1\r\nHost: orders.test\r\n{rest}");

        var head = await client.ReadHeadAsync().WaitAsync(Patience);
        Assert.StartsWith("HTTP/1.1 413 ", head, StringComparison.Ordinal);
        Assert.Contains("\r\nx-pico-error: body_too_large\r\n", head, StringComparison.Ordinal);
        Assert.Equal(0, harness.Streams);
    }

    [Fact]
    public async Task Lean_BodyThatGrowsTooLarge_413AndTheServicesStreamIsCut()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var harness = await Http1Harness.StartAsync(
            async stream =>
            {
                await stream.ReadToAsync("01234\r\n");
                begun.SetResult();
                await stream.ReadToEndAsync();
            },
            Options);
        var client = harness.Connect();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: orders.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n");
        await begun.Task.WaitAsync(Patience);

        await client.SendAsync("6\r\n012345\r\n0\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 413 ", await client.ReadHeadAsync().WaitAsync(Patience), StringComparison.Ordinal);
        Assert.IsAssignableFrom<IOException>(await harness.ServiceFault.Task.WaitAsync(Patience));
    }

    [Theory]
    [InlineData("Content-Length: 10\r\n\r\n0123456789")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n1;extension=long-and-not-counted\r\n0\r\n9\r\n123456789\r\n0\r\nTrailer-Neither: x\r\n\r\n")]
    public async Task Lean_BodyOfExactlyTheLimit_Passes(string rest)
    {
        await using var harness = await Http1Harness.StartAsync(
            async stream =>
            {
                await stream.ReadToAsync(rest[^5..]);
                await stream.WriteAsync(Ok);
                await stream.ReadHeadAsync();
            },
            Options);
        var client = harness.Connect();

        await client.SendAsync($"POST / HTTP/1.1\r\nHost: orders.test\r\n{rest}");

        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadHeadAsync().WaitAsync(Patience), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(EndpointProtocol.Http, "1.1", true)]
    [InlineData(EndpointProtocol.Http, "1.1", false)]
    [InlineData(EndpointProtocol.Http, "2.0", true)]
    [InlineData(EndpointProtocol.Http, "2.0", false)]
    [InlineData(EndpointProtocol.H2C, "1.1", true)]
    [InlineData(EndpointProtocol.H2C, "1.1", false)]
    [InlineData(EndpointProtocol.H2C, "2.0", true)]
    [InlineData(EndpointProtocol.H2C, "2.0", false)]
    public async Task General_BodyTooLarge_413_AndOneOfTheLimitPasses(EndpointProtocol protocol, string version, bool hasLength)
    {
        await using var service = await Proxy.General.TestService.StartAsync(protocol == EndpointProtocol.Http ? HttpProtocols.Http1 : HttpProtocols.Http2, async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.StatusCode = StatusCodes.Status202Accepted;
        });
        await using var server = await ProxyTestServer.StartAsync(new ProxyOptions { Limits = { RequestBodySize = 100 } });
        await server.AddAsync("orders", protocol, ProxyTestServer.To(service.Port));
        using var client = server.CreateClient("orders", new Version(version));

        // Kestrel counts the framing of chunks too.
        var fits = version == "1.1" && !hasLength ? 80 : 100;
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(client, fits, hasLength));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await PostAsync(client, 101, hasLength));
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(client, fits, hasLength));
    }

    private static async Task<HttpStatusCode> PostAsync(HttpClient client, int length, bool hasLength)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/") { Version = client.DefaultRequestVersion, VersionPolicy = client.DefaultVersionPolicy, Content = new ByteArrayContent(new byte[length]) };
        request.Headers.TransferEncodingChunked = !hasLength;
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
