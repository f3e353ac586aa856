using System.Net;
using System.Net.Sockets;
using System.Text;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Proxy.General;

/// <summary>A connection of HTTP/1.1 that Kestrel got is no way around the lean path's rules.</summary>
public sealed class HandedOverRequestTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("HTTP/1.1", "Content-Length: 5\r\nTransfer-Encoding: chunked")]
    [InlineData("HTTP/1.1", "Transfer-Encoding: gzip, chunked")]
    [InlineData("HTTP/1.1", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked")]
    [InlineData("HTTP/1.0", "Transfer-Encoding: chunked")]
    public async Task Framing_ThatLeavesADoubt_Is400AndTheConnectionEnds(string version, string fields)
    {
        var (answer, seen) = await ExchangeAsync($"POST / {version}\r\nHost: a.example.com\r\n{fields}\r\n\r\n0\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close\r\n", answer, StringComparison.Ordinal);
        Assert.Equal("", seen);
    }

    [Theory]
    [InlineData("h2c")]
    [InlineData("websocket, h2c")]
    [InlineData("HTTP/2.0")]
    [InlineData("tls/1.0")]
    public async Task Upgrade_PastTheProxy_IsNotPassedOn(string protocol)
    {
        var (answer, seen) = await ExchangeAsync(
            $"GET / HTTP/1.1\r\nHost: a.example.com\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: {protocol}\r\nHTTP2-Settings: x\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        Assert.StartsWith("GET / HTTP/1.1\r\n", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("Upgrade", seen, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task AbsoluteTarget_ServiceGetsThePath()
    {
        var (_, seen) = await ExchangeAsync("GET http://a.example.com/b?c HTTP/1.1\r\nHost: a.example.com\r\nX_Forwarded_For: 6.6.6.6\r\nX-Forwarded-Ssl: on\r\n\r\n");

        Assert.StartsWith("GET /b?c HTTP/1.1\r\n", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("6.6.6.6", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("-Ssl", seen, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Sends <paramref name="request"/> and no more; gives what came until the server closed, and the head that the service got.</summary>
    private static async Task<(string Answer, string Seen)> ExchangeAsync(string request)
    {
        await using var server = await ProxyTestServer.StartAsync();
        var seen = "";
        await server.AddAsync("a", EndpointProtocol.Http, ProxyTestServer.Script(Ok, head => seen = head));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Url.Port, Cancel);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request), Cancel);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(10));
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        int count;
        while ((count = await client.GetStream().ReadAsync(buffer, patience.Token)) > 0)
        {
            answer.Append(Encoding.Latin1.GetString(buffer, 0, count));
            if (answer.ToString().EndsWith("\r\n\r\nok", StringComparison.Ordinal))
                break;
        }

        return (answer.ToString(), seen);
    }
}
