using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Failures;

/// <summary>Requests that Pico itself answers (the table of failures in docs/design.md).</summary>
public sealed class BadRequestTests(SharedServer shared)
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Theory(Timeout = 60_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Endpoint_MissingOrMalformed_400(string version)
    {
        await using var service = RawService.Answering(Ok);
        await using var web = await shared.ExposeAsync(service.Port);

        (await Curl.RunAsync([version, web.Url("/")])).IsPicoError(400, "missing_endpoint");
        (await Curl.RunAsync([version, "-H", "Host: localhost", web.Url("/")])).IsPicoError(400, "missing_endpoint");
        (await Curl.RunAsync([version, "-H", "x-pico-endpoint: no_underscores", web.Url("/")])).IsPicoError(400, "invalid_endpoint");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Endpoint_InTheFirstLabelOfHost_IsServed(string version)
    {
        await using var service = RawService.Answering(Ok);
        await using var web = await shared.ExposeAsync(service.Port);

        var reply = await Curl.RunAsync([version, "-H", $"Host: {web.EndpointId.ToUpperInvariant()}.pico.example:8000", web.Url("/")]);

        Assert.Equal("ok", reply.Succeeded().Text);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Http_ToATcpEndpoint_421(string version)
    {
        await using var service = RawService.Answering(Ok);
        await using var tcp = await shared.ExposeAsync(service.Port, "tcp");

        (await tcp.CurlAsync("/", version)).IsPicoError(421, "protocol_mismatch");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("Content-Length: 5\r\nContent-Length: 6\r\n")]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")]
    [InlineData("Transfer-Encoding: gzip\r\n")]
    [InlineData("Transfer-Encoding: chunked, chunked\r\n")]
    [InlineData("Content-Length: +5\r\n")]
    [InlineData(" x-folded: 1\r\n")]
    [InlineData("x-space : 1\r\n")]
    [InlineData("x-nul: a\0b\r\n")]
    public async Task Request_WithAmbiguousFraming_400AndTheServiceSeesNothing(string headers)
    {
        await using var service = RawService.Answering(Ok);
        await using var web = await shared.ExposeAsync(service.Port);
        await using var client = await web.ConnectAsync();

        await client.SendAsync(web.Request("POST", "/", headers) + "0\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal(0, service.Connections);
    }

    [Fact(Timeout = 60_000)]
    public async Task Request_WithHeadOverTheLimit_431()
    {
        await using var service = RawService.Answering(Ok);
        await using var web = await shared.ExposeAsync(service.Port);
        await using var client = await web.ConnectAsync();

        await client.SendAsync(web.Request("GET", "/", $"x-long: {new string('v', 40_000)}\r\n"));

        Assert.StartsWith("HTTP/1.1 431 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
    }
}
