using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Agent.Dialing;
using Pico.Agent.Endpoints;
using Pico.Tests.Certificates;
using Pico.Tests.Server;
using Pico.Tunnel;

namespace Pico.Tests.Agent;

/// <summary>The ways to a server: TLS with certificates on both sides, and HTTP proxies.</summary>
public sealed class ServerRouteTests : IDisposable
{
    private const string Name = "pico.test";

    private readonly TestFolder _folder = new();
    private readonly TestAuthority _authority = new("authority");
    private readonly X509Certificate2 _certificate;
    private readonly string _caFile;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ServerRouteTests()
    {
        _certificate = _authority.Issue(Name);
        _caFile = TestAuthority.WriteChain(_folder.Path, "ca.crt", _authority.Certificate);
    }

    [Fact]
    public async Task Server_ThatWantsACertificate_SeesTheOneInTheFilesAtEveryConnect()
    {
        var seen = new List<string>();
        await using var node = new TestNode { Tls = ServerTls(seen) };
        using var intermediate = new TestAuthority("intermediate", _authority);
        using var first = _authority.Issue("first");
        using var second = intermediate.Issue("second");
        var tls = new TlsSettings { CaFile = _caFile, CertificateFile = Write(first), KeyFile = WriteKey(first) };
        var dialer = Dialer(node.Url, tls);

        await using ((await dialer.DialAsync(Cancel)).Transport)
            Write(second, intermediate.Certificate);
        // The certificate has changed and its key has not yet.
        var failure = await Assert.ThrowsAsync<TunnelException>(() => dialer.DialAsync(Cancel));
        WriteKey(second);
        await using var transport = (await dialer.DialAsync(Cancel)).Transport;

        Assert.Contains($"the client certificate {tls.CertificateFile} cannot be used with the key {tls.KeyFile}", failure.Message, StringComparison.Ordinal);
        Assert.Equal(["CN=first", "CN=second"], seen);
    }

    [Fact]
    public async Task Server_ThatWantsACertificate_LetsNobodyInWithoutOne()
    {
        await using var node = new TestNode { Tls = ServerTls([]) };

        var failure = await Assert.ThrowsAsync<TunnelException>(() => Dialer(node.Url, new() { CaFile = _caFile }).DialAsync(Cancel));

        Assert.Contains(node.Url.Authority, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing.crt", "cannot be read")]
    [InlineData("tls.key", "no certificate")]
    public async Task CaFile_ThatIsNone_IsNamed(string file, string expected)
    {
        await using var node = new TestNode { Tls = new() { ServerCertificate = _certificate } };
        WriteKey(_certificate);
        var path = Path.Combine(_folder.Path, file);

        var failure = await Assert.ThrowsAsync<TunnelException>(() => Dialer(node.Url, new() { CaFile = path }).DialAsync(Cancel));

        Assert.Contains($"the CA file {path}", failure.Message, StringComparison.Ordinal);
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http", false)]
    [InlineData("http", true)]
    [InlineData("https", false)]
    [InlineData("https", true)]
    public async Task Proxy_LeadsToAServerWhoseNameItAloneKnows(string proxyScheme, bool serverTls)
    {
        await using var node = new TestNode { Tls = serverTls ? new() { ServerCertificate = _certificate } : null };
        using var proxy = new TestProxy { Target = node.Port, Tls = proxyScheme == "https" ? new() { ServerCertificate = _certificate } : null };
        // Its name is reserved to resolve nowhere (RFC 2606).
        var server = new Uri(serverTls ? "wss://inner.invalid" : "ws://inner.invalid:8001");
        var dialer = Dialer(
            server,
            serverTls ? new() { CaFile = _caFile, ServerName = Name } : TlsSettings.Default,
            new() { Url = $"{proxyScheme}://user:p%40ss@127.0.0.1:{proxy.Port}", CaFile = _caFile });

        await using var transport = (await dialer.DialAsync(Cancel)).Transport;

        var target = serverTls ? "inner.invalid:443" : "inner.invalid:8001";
        Assert.Equal(
            $"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nProxy-Authorization: Basic dXNlcjpwQHNz\r\n\r\n", await proxy.Requests.Reader.ReadAsync(Cancel));
        Assert.StartsWith("GET /pico/v1/tunnel HTTP/1.1\r\n", await node.Requests.Reader.ReadAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal($"{server.Authority} through the proxy {proxyScheme}://127.0.0.1:{proxy.Port}", transport.RemoteAddress);
    }

    [Theory]
    [InlineData("407 Proxy Authentication Required", "geheim", "refuses the user and password")]
    [InlineData("407 Proxy Authentication Required", "", "wants a user and password")]
    [InlineData("403 Forbidden", "geheim", "not allowed (HTTP 403)")]
    [InlineData("502 Bad Gateway", "geheim", "cannot reach it (HTTP 502)")]
    [InlineData("301 Moved", "geheim", "HTTP 301")]
    public async Task Proxy_ThatRefuses_IsExplainedWithoutThePassword(string answer, string password, string expected)
    {
        using var proxy = new TestProxy { Target = 1, Answer = answer };
        var user = password.Length > 0 ? $"user:{password}@" : "";

        var failure = await Assert.ThrowsAsync<TunnelException>(
            () => Dialer(new Uri("ws://inner.invalid"), TlsSettings.Default, new() { Url = $"http://{user}127.0.0.1:{proxy.Port}" }).DialAsync(Cancel));

        Assert.Contains($"the proxy http://127.0.0.1:{proxy.Port} does not connect to inner.invalid:80", failure.Message, StringComparison.Ordinal);
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Proxy_ThatIsNotThere_IsNamed()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;
        holder.Stop();

        var failure = await Assert.ThrowsAsync<TunnelException>(
            () => Dialer(new Uri("ws://inner.invalid"), TlsSettings.Default, new() { Url = $"http://127.0.0.1:{port}" }).DialAsync(Cancel));

        Assert.Contains($"through the proxy http://127.0.0.1:{port}", failure.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _authority.Dispose();
        _folder.Dispose();
    }

    private static TunnelDialer Dialer(Uri server, TlsSettings tls, HttpProxySettings? proxy = null) => new(
        [server], "/pico/v1/tunnel", new ServerConnector(tls, proxy ?? new(), TimeSpan.FromSeconds(10), TimeProvider.System), new CredentialSource("", "", TimeProvider.System, NullLogger.Instance), TimeProvider.System);

    private SslServerAuthenticationOptions ServerTls(List<string> seen) => new()
    {
        ServerCertificate = _certificate,
        ClientCertificateRequired = true,
        RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
        {
            if (certificate is null)
                return false;
            seen.Add(certificate.Subject);
            chain!.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.CustomTrustStore.Add(_authority.Certificate);
            return chain.Build((X509Certificate2)certificate);
        },
    };

    private string Write(params X509Certificate2[] chain) => TestAuthority.WriteChain(_folder.Path, "tls.crt", chain);

    private string WriteKey(X509Certificate2 certificate) => TestAuthority.WriteKey(_folder.Path, "tls.key", certificate);
}
