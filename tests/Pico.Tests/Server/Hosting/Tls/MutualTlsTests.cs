using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Pico.Server.Hosting;
using Pico.Server.Hosting.Tls;
using Pico.Tests.Certificates;

namespace Pico.Tests.Server.Hosting.Tls;

/// <summary>Client certificates on real ports.</summary>
public sealed class MutualTlsTests : IDisposable
{
    private readonly TlsFolder _folder = new();
    private readonly TestAuthority _authority = new("authority");
    private readonly TestAuthority _stranger = new("stranger");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public MutualTlsTests()
    {
        using var intermediate = new TestAuthority("intermediate", _authority);
        using var certificate = intermediate.Issue("pico.test");
        _folder.Write(certificate, intermediate.Certificate);
        _folder.WriteClientCa(_authority.Certificate);
    }

    [Theory]
    [InlineData("proxy", TlsClientAuth.Require, "GET / HTTP/1.1\r\nHost: none.test\r\n\r\n", "HTTP/1.1 502 ", false)]
    [InlineData("proxy", TlsClientAuth.Request, "GET / HTTP/1.1\r\nHost: none.test\r\n\r\n", "HTTP/1.1 502 ", true)]
    [InlineData("upstream", TlsClientAuth.Require, "GET /pico/v1/tunnel HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 426 ", false)]
    [InlineData("upstream", TlsClientAuth.Request, "GET /pico/v1/tunnel HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 426 ", true)]
    [InlineData("admin", TlsClientAuth.Require, "GET /status HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 ", true)]
    [InlineData("admin", TlsClientAuth.Request, "GET /status HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 ", true)]
    public async Task Clients_OfEveryKind_AreLetInOrNot(string port, TlsClientAuth clientAuth, string request, string expected, bool entersWithout)
    {
        await using var server = await StartAsync(o => Tls(o, port).ClientAuth = clientAuth);
        var address = port switch { "proxy" => server.Server.ProxyAddress, "upstream" => server.Server.UpstreamAddress, _ => server.Server.AdminAddress };
        using var intermediate = new TestAuthority("intermediate of clients", _authority);
        using var direct = _authority.Issue("client");
        using var indirect = intermediate.Issue("client");
        using var wrong = _stranger.Issue("client");
        using var expired = _authority.Issue("client", TimeProvider.System.GetUtcNow().AddDays(-1));
        using var forServers = _authority.Issue("client", forClients: false);

        Assert.StartsWith(expected, await AskAsync(address, request, direct), StringComparison.Ordinal);
        Assert.StartsWith(expected, await AskAsync(address, request, indirect, intermediate.Certificate), StringComparison.Ordinal);
        Assert.Equal("", await AskAsync(address, request, wrong));
        Assert.Equal("", await AskAsync(address, request, expired));
        Assert.Equal("", await AskAsync(address, request, forServers));
        Assert.Equal(entersWithout, (await AskAsync(address, request, null)).Length > 0);
    }

    [Theory]
    [InlineData("/health", 200)]
    [InlineData("/ready", 200)]
    [InlineData("/status", 403)]
    [InlineData("/metrics", 403)]
    [InlineData("/other", 403)]
    public async Task Admin_ThatRequiresACertificate_AnswersProbesWithoutOne(string path, int status)
    {
        await using var server = await StartAsync(_ => { });

        var answer = await AskAsync(server.Server.AdminAddress, $"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n", null);

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Equal(status == 403, answer.Contains("x-pico-error: client_certificate_required", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Http2_WithACertificate_IsServed()
    {
        await using var server = await StartAsync(_ => { });
        using var certificate = _authority.Issue("client");
        using var handler = new SocketsHttpHandler { SslOptions = Options(certificate, []) };
        using var http = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(20) };
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://{server.Server.ProxyAddress}/")
        {
            Headers = { Host = "pico.test" },
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        using var response = await http.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Client_ThatComesAgain_IsJudgedAgain(SslProtocols version)
    {
        await using var server = await StartAsync(_ => { });
        using var certificate = _authority.Issue("client");
        const string Request = "GET / HTTP/1.1\r\nHost: none.test\r\n\r\n";
        for (var i = 0; i < 3; i++)
            Assert.StartsWith("HTTP/1.1 502 ", await AskAsync(server.Server.ProxyAddress, Request, certificate, [], version), StringComparison.Ordinal);

        Assert.Equal("", await AskAsync(server.Server.ProxyAddress, Request, null, [], version));
    }

    public void Dispose()
    {
        _folder.Dispose();
        _authority.Dispose();
        _stranger.Dispose();
    }

    private static TlsOptions Tls(ServerOptions options, string port) =>
        port switch { "proxy" => options.Proxy.Tls, "upstream" => options.Upstream.Tls, _ => options.Admin.Tls };

    private Task<TestServer> StartAsync(Action<ServerOptions> configure) => TestServer.StartAsync(options =>
    {
        foreach (var tls in new[] { options.Proxy.Tls, options.Upstream.Tls, options.Admin.Tls })
            _folder.Set(tls);
        configure(options);
    });

    private Task<string> AskAsync(IPEndPoint address, string request, X509Certificate2? certificate, params X509Certificate2[] intermediates) =>
        AskAsync(address, request, certificate, intermediates, SslProtocols.None);

    /// <summary>The answer's head; empty when the server lets nobody in.</summary>
    private async Task<string> AskAsync(IPEndPoint address, string request, X509Certificate2? certificate, X509Certificate2[] intermediates, SslProtocols version)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(address, Cancel);
        await using var tls = new SslStream(client.GetStream());
        try
        {
            var options = Options(certificate, intermediates);
            options.EnabledSslProtocols = version;
            await tls.AuthenticateAsClientAsync(options, Cancel);
            await tls.WriteAsync(Encoding.ASCII.GetBytes(request), Cancel);
            var answer = "";
            var buffer = new byte[4096];
            while (!answer.Contains("\r\n\r\n", StringComparison.Ordinal))
            {
                var count = await tls.ReadAsync(buffer, Cancel);
                if (count == 0)
                    break;
                answer += Encoding.ASCII.GetString(buffer, 0, count);
            }

            return answer;
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            return "";
        }
    }

    // It knows the root only: the intermediate certificate must come from the server.
    private SslClientAuthenticationOptions Options(X509Certificate2? certificate, X509Certificate2[] intermediates)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(_authority.Certificate);
        return new()
        {
            TargetHost = "pico.test",
            CertificateChainPolicy = policy,
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, [.. intermediates], offline: true),
        };
    }
}
