using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pico.Server.Hosting;
using Pico.Server.Proxy;
using Pico.Server.Proxy.Connections;

namespace Pico.Tests.Server.Proxy.Connections;

/// <summary>A real Kestrel on loopback whose application says what it saw of the connection.</summary>
public sealed class ProxyPortTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ClearPort_Http1AndPriorKnowledgeHttp2_AreBothServed()
    {
        await using var server = await StartAsync(new ProxyOptions());
        using var client = new HttpClient();

        Assert.Equal("HTTP/1.1 http 127.0.0.1", await GetAsync(client, server.Url, HttpVersion.Version11));
        Assert.Equal("HTTP/2 http 127.0.0.1", await GetAsync(client, server.Url, HttpVersion.Version20));
    }

    [Fact]
    public async Task TlsPort_AlpnDecides()
    {
        using var certificate = MakeCertificate();
        await using var server = await StartAsync(new ProxyOptions(), certificate);
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => shown!.GetCertHashString() == certificate.Thumbprint;
        using var client = new HttpClient(handler);

        Assert.Equal("HTTP/1.1 https 127.0.0.1", await GetAsync(client, server.Url, HttpVersion.Version11));
        Assert.Equal("HTTP/2 https 127.0.0.1", await GetAsync(client, server.Url, HttpVersion.Version20));
    }

    [Fact]
    public async Task ClearPort_TlsHandshake_Is400AndClosed()
    {
        await using var server = await StartAsync(new ProxyOptions());

        var answer = await SendRawAsync(server, [0x16, 0x03, 0x01, 0x02, 0x00]);

        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("x-pico-error: bad_request", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NothingSentInTime_IsClosedWithoutAWord()
    {
        await using var server = await StartAsync(new ProxyOptions { RequestHeadTimeout = TimeSpan.FromMilliseconds(100) });

        Assert.Equal("", await SendRawAsync(server, "PRI * HTTP"u8.ToArray()));
    }

    [Theory]
    [InlineData("PROXY TCP4 192.0.2.9 198.51.100.1 1 2\r\n", "192.0.2.9")]
    [InlineData("PROXY UNKNOWN\r\n", "127.0.0.1")]
    public async Task ProxyProtocol_HeaderGivesTheAddressThatEverythingSees(string header, string expected)
    {
        await using var server = await StartAsync(new ProxyOptions { ProxyProtocol = true });

        var answer = await SendRawAsync(server, Encoding.ASCII.GetBytes(header + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));

        Assert.Contains($"\r\nHTTP/1.1 http {expected}\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProxyProtocol_V2BeforeHttp2_IsServed()
    {
        await using var server = await StartAsync(new ProxyOptions { ProxyProtocol = true });
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancel) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(context.DnsEndPoint, cancel);
                byte[] header = [.. "\r\n\r\n\0\r\nQUIT\n"u8, 0x21, 0x11, 0, 12, 192, 0, 2, 8, 198, 51, 100, 1, 0, 1, 0, 2];
                await socket.SendAsync(header, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var client = new HttpClient(handler);

        Assert.Equal("HTTP/2 http 192.0.2.8", await GetAsync(client, server.Url, HttpVersion.Version20));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("PROXY TCP4 nonsense\r\n")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\u0011")]
    public async Task ProxyProtocol_NoValidHeader_IsClosedAndOthersAreServed(string start)
    {
        await using var server = await StartAsync(new ProxyOptions { ProxyProtocol = true, RequestHeadTimeout = TimeSpan.FromMilliseconds(500) });

        Assert.Equal("", await SendRawAsync(server, Encoding.ASCII.GetBytes(start)));
        Assert.Contains(
            "HTTP/1.1 http 192.0.2.9\r\n",
            await SendRawAsync(server, "PROXY TCP4 192.0.2.9 198.51.100.1 1 2\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray()),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProxyProtocol_StrangerOutsideOfTheTrustedNetworks_IsServedAsHimself()
    {
        await using var server = await StartAsync(new ProxyOptions { ProxyProtocol = true, TrustedProxies = ["192.0.2.0/24"] });
        using var client = new HttpClient();

        Assert.Equal("HTTP/1.1 http 127.0.0.1", await GetAsync(client, server.Url, HttpVersion.Version11));
        var answer = await SendRawAsync(server, "PROXY TCP4 192.0.2.9 198.51.100.1 1 2\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_Http2RequestInFlight_FinishesAndTheConnectionIsGone()
    {
        await using var server = await StartAsync(new ProxyOptions());
        using var client = new HttpClient();
        var waiting = GetAsync(client, server.Url + "wait", HttpVersion.Version20);
        await server.Arrived.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        var stopping = server.App.StopAsync(Cancel);
        Assert.False(stopping.IsCompleted);
        server.Release.SetResult();

        Assert.Equal("HTTP/2 http 127.0.0.1", await waiting);
        await stopping.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
    }

    [Fact]
    public async Task AskedToClose_Http2Connection_FinishesItsRequestAndEnds()
    {
        await using var server = await StartAsync(new ProxyOptions());
        using var client = new HttpClient();
        var waiting = GetAsync(client, server.Url + "wait", HttpVersion.Version20);
        await server.Arrived.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        var closed = new TaskCompletionSource();
        server.Connection!.ConnectionClosed.Register(closed.SetResult);

        server.Connection.Features.GetRequiredFeature<IConnectionLifetimeNotificationFeature>().RequestClose();
        server.Release.SetResult();

        Assert.Equal("HTTP/2 http 127.0.0.1", await waiting);
        await closed.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
    }

    private static async Task<string> GetAsync(HttpClient client, string url, Version version)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url) { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await client.SendAsync(request, Cancel);
        return await response.Content.ReadAsStringAsync(Cancel);
    }

    private static async Task<string> SendRawAsync(TestServer server, byte[] bytes)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, new Uri(server.Url).Port, Cancel);
        await socket.GetStream().WriteAsync(bytes, Cancel);
        try
        {
            return await new StreamReader(socket.GetStream()).ReadToEndAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static async Task<TestServer> StartAsync(ProxyOptions options, X509Certificate2? certificate = null)
    {
        var server = new TestServer();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddProxy().AddSingleton(options).AddSingleton(TimeProvider.System).AddSingleton<IHttp1Path, NotForMe>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ListenForHandover();
            kestrel.Listen(IPAddress.Loopback, 0, listening =>
            {
                listening.Protocols = HttpProtocols.Http1AndHttp2;
                listening.Use(next => connection =>
                {
                    server.Connection = connection;
                    return next(connection);
                });
                listening.UseProxyProtocol();
                if (certificate is not null)
                    listening.UseHttps(certificate);
                listening.UseSniffer();
            });
        });
        server.App = builder.Build();
        server.App.Run(async context =>
        {
            if (context.Request.Path == "/wait")
            {
                server.Arrived.SetResult();
                await server.Release.Task;
            }

            await context.Response.WriteAsync(
                $"{context.Request.Protocol} {context.Request.Scheme} {context.Connection.RemoteIpAddress}", context.RequestAborted);
        });
        await server.App.StartAsync(Cancel);
        server.Url = server.App.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Single(a => a.Contains("127.0.0.1", StringComparison.Ordinal)) + "/";
        return server;
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }

    private sealed class NotForMe : IHttp1Path
    {
        public Task<bool> ServeAsync(ConnectionContext connection) => Task.FromResult(false);
    }

    private sealed class TestServer : IAsyncDisposable
    {
        public WebApplication App { get; set; } = null!;

        public string Url { get; set; } = "";

        public ConnectionContext? Connection { get; set; }

        public TaskCompletionSource Arrived { get; } = new();

        public TaskCompletionSource Release { get; } = new();

        public ValueTask DisposeAsync() => App.DisposeAsync();
    }
}
