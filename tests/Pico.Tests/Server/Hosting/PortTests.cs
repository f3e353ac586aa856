using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Hosting;

public sealed class PortTests
{
    [Fact]
    public async Task Proxy_MoreConnectionsThanAllowed_SaysOverloadedAndKeepsTheOthers()
    {
        await using var server = await TestServer.StartAsync(o => o.Proxy.MaxConnections = 1);
        await using var agent = await AgentAsync(server);
        using var first = await ConnectAsync(server.Server.ProxyAddress);
        Assert.Contains("200 OK", await AskAsync(first), StringComparison.Ordinal);

        using (var second = await ConnectAsync(server.Server.ProxyAddress))
            Assert.Contains("x-pico-error: overloaded", await AskAsync(second), StringComparison.Ordinal);

        Assert.Contains("200 OK", await AskAsync(first), StringComparison.Ordinal);
        // The server may learn of the other's end a moment later.
        await server.StatusAsync(s => s.Nodes[0].ClientConnections == 1);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Proxy_WithCertificate_SpeaksBothVersionsByAlpn(string version)
    {
        using var folder = new TestFolder();
        using var certificate = TestCertificate.Create("orders.test");
        var files = TestCertificate.Write(certificate, folder.Path);
        await using var server = await TestServer.StartAsync(o => (o.Proxy.Tls.CertificateFile, o.Proxy.Tls.KeyFile) = files);
        await using var agent = await AgentAsync(server);
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, c, _, _) => Same(certificate, c) } };
        using var http = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(20) };
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://{server.Server.ProxyAddress}/")
        {
            Headers = { Host = "orders.test" },
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal("hello", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Upstream_WithCertificate_AcceptsTunnelsOverTls()
    {
        using var folder = new TestFolder();
        using var certificate = TestCertificate.Create("node");
        var files = TestCertificate.Write(certificate, folder.Path);
        await using var server = await TestServer.StartAsync(o => (o.Upstream.Tls.CertificateFile, o.Upstream.Tls.KeyFile) = files);
        using var socket = await ConnectAsync(server.Server.UpstreamAddress);
        await using var tls = new SslStream(socket.GetStream(), false, (_, c, _, _) => Same(certificate, c));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "node" }, TestContext.Current.CancellationToken);
        await tls.WriteAsync(Encoding.ASCII.GetBytes("GET /pico/v1/tunnel HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n"), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(tls);

        Assert.StartsWith("HTTP/1.1 426 ", await reader.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_AfterTraffic_CountItByEndpoint()
    {
        await using var server = await TestServer.StartAsync();
        await using var agent = await AgentAsync(server);
        using var client = await ConnectAsync(server.Server.ProxyAddress);
        Assert.Contains("200 OK", await AskAsync(client), StringComparison.Ordinal);
        Assert.Contains("200 OK", await AskAsync(client), StringComparison.Ordinal);
        using (var other = await ConnectAsync(server.Server.ProxyAddress))
            Assert.Contains("502", await AskAsync(other, "made-up-name.test"), StringComparison.Ordinal);

        using var response = await server.AdminAsync("/metrics");
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        var lines = text.Split('\n');
        Assert.Contains(lines, l => l.StartsWith("pico_requests_total{", StringComparison.Ordinal) && l.Contains("endpoint=\"orders\"", StringComparison.Ordinal)
            && l.Contains("status=\"200\"", StringComparison.Ordinal) && l.Split(' ')[1] == "2");
        Assert.Contains(lines, l => l.StartsWith("pico_requests_total{", StringComparison.Ordinal) && l.Contains("error=\"no_available_upstreams\"", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("pico_tunnels{", StringComparison.Ordinal) || l.StartsWith("pico_tunnels ", StringComparison.Ordinal));
        Assert.DoesNotContain("made-up-name", text, StringComparison.Ordinal);
    }

    private static bool Same(X509Certificate2 expected, X509Certificate? given) => given is not null && expected.RawData.AsSpan().SequenceEqual(given.GetRawCertData());

    private static async Task<TestAgent> AgentAsync(TestServer server)
    {
        var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: TestService.Answering("hello"));
        Assert.Null(await agent.RegisterAsync("orders", EndpointProtocol.Http));
        return agent;
    }

    private static async Task<TcpClient> ConnectAsync(IPEndPoint address)
    {
        var client = new TcpClient();
        await client.ConnectAsync(address, TestContext.Current.CancellationToken);
        return client;
    }

    // One request; the response's head, and its body, as far as it comes with it.
    private static async Task<string> AskAsync(TcpClient client, string host = "orders.test")
    {
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"), TestContext.Current.CancellationToken);
        var buffer = new byte[16 * 1024];
        var text = "";
        while (!text.Contains("\r\n\r\nhello", StringComparison.Ordinal) && !text.Contains('}', StringComparison.Ordinal))
        {
            var count = await stream.ReadAsync(buffer, TestContext.Current.CancellationToken);
            if (count == 0)
                return text;
            text += Encoding.ASCII.GetString(buffer, 0, count);
        }

        return text;
    }
}
