using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Agent.Dialing;
using Pico.Agent.Endpoints;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Agent;

/// <summary>The dialer against servers that are not what they should be.</summary>
public sealed class TunnelDialerTests
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData("HTTP/1.1 401 Unauthorized\r\n\r\n", TunnelError.Unauthorized, "HTTP 401")]
    [InlineData("HTTP/1.1 401 Unauthorized\r\nX-Pico-Error: token_expired\r\n\r\n", TunnelError.TokenExpired, "expired")]
    [InlineData("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"pico\", error_description=\"no key fits\"\r\n\r\n", TunnelError.Unauthorized, "no key fits")]
    [InlineData("HTTP/1.1 403 Forbidden\r\n\r\n", TunnelError.Unauthorized, "HTTP 403")]
    [InlineData("HTTP/1.1 404 Not Found\r\n\r\n", TunnelError.ProtocolError, "the right port?")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: https://login.example/\r\n\r\n", TunnelError.ProtocolError, "https://login.example/")]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\n\r\n", TunnelError.Draining, "HTTP 503")]
    [InlineData("HTTP/1.1 500 Oops\r\n\r\n", TunnelError.TransportLost, "HTTP 500")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: bm8=\r\n\r\n", TunnelError.ProtocolError, "Sec-WebSocket-Accept")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n\r\n", TunnelError.ProtocolError, "does not speak HTTP")]
    [InlineData("HTTP/1.1 200", TunnelError.TransportLost, "within its answer")]
    [InlineData("", TunnelError.TransportLost, "without an answer")]
    public async Task WrongAnswer_IsExplained(string answer, TunnelError error, string expected)
    {
        using var service = new TestService
        {
            Serve = async socket =>
            {
                await socket.ReceiveAsync(new byte[4096]);
                await socket.SendAsync(Encoding.ASCII.GetBytes(answer));
                socket.Dispose();
            },
        };

        var failure = await Assert.ThrowsAsync<TunnelException>(() => Dialer($"ws://127.0.0.1:{service.Port}").DialAsync(TestContext.Current.CancellationToken));

        Assert.Equal(error, failure.Error);
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EndlessHead_IsRefused()
    {
        using var service = new TestService
        {
            Serve = async socket =>
            {
                var line = Encoding.ASCII.GetBytes("X-More: and more\r\n");
                await socket.SendAsync("HTTP/1.1 200 OK\r\n"u8.ToArray());
                try
                {
                    while (true)
                        await socket.SendAsync(line);
                }
                catch (SocketException)
                {
                    socket.Dispose();
                }
            },
        };

        var failure = await Assert.ThrowsAsync<TunnelException>(() => Dialer($"ws://127.0.0.1:{service.Port}").DialAsync(TestContext.Current.CancellationToken));

        Assert.Equal(TunnelError.ProtocolError, failure.Error);
    }

    [Fact]
    public async Task SilentServer_IsGivenUp()
    {
        using var service = new TestService();

        var failure = await Assert.ThrowsAsync<TunnelException>(() => Dialer($"ws://127.0.0.1:{service.Port}").DialAsync(TestContext.Current.CancellationToken));

        Assert.Contains("did not answer within 1 s", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DeadServer_IsFollowedByTheNext()
    {
        await using var node = new TestNode();
        using var dead = new TcpListener(IPAddress.Loopback, 0);
        dead.Start();
        var port = ((IPEndPoint)dead.LocalEndpoint).Port;
        dead.Stop();
        var dialer = Dialer($"ws://127.0.0.1:{port}", node.Url.ToString());

        var outcomes = new List<bool>();
        for (var i = 0; i < 2; i++)
            outcomes.Add(await SucceedsAsync(dialer));

        Assert.Equal([false, true], outcomes.Order());
    }

    [Theory]
    [InlineData("")]
    [InlineData("two\nlines")]
    [InlineData("sp ace")]
    public async Task TokenFile_WithoutAToken_IsSaid(string content)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, content, TestContext.Current.CancellationToken);

        var failure = await Assert.ThrowsAsync<TunnelException>(() => new TokenSource(file).ReadAsync(TestContext.Current.CancellationToken));

        Assert.Contains($"{file} holds no token", failure.Message, StringComparison.Ordinal);
        File.Delete(file);
    }

    [Theory]
    [InlineData("ftp://host")]
    [InlineData("localhost:8001")]
    [InlineData("ws://user:secret@host:1")]
    [InlineData("ws://host/?x=1")]
    public void ServerUrl_ThatIsNone_IsRefused(string text)
    {
        Assert.False(ServerUrl.TryParse(text, out _, out var error));

        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://host:8001", "ws://host:8001/")]
    [InlineData("https://host", "wss://host/")]
    [InlineData("wss://host/prefix", "wss://host/prefix")]
    [InlineData("ws://host", "ws://host/")]
    public void ServerUrl_InEveryForm_IsAWebSocketUrl(string text, string expected)
    {
        Assert.True(ServerUrl.TryParse(text, out var url, out _));

        Assert.Equal(expected, url.ToString());
    }

    private static async Task<bool> SucceedsAsync(TunnelDialer dialer)
    {
        try
        {
            await (await dialer.DialAsync(TestContext.Current.CancellationToken)).Transport.DisposeAsync();
            return true;
        }
        catch (TunnelException)
        {
            return false;
        }
    }

    private static TunnelDialer Dialer(params string[] servers) =>
        new([.. servers.Select(s => new Uri(s))], "/pico/v1/tunnel", new ServerConnector(TlsSettings.Default, new(), ConnectTimeout, TimeProvider.System), new CredentialSource("", "", TimeProvider.System, NullLogger.Instance), TimeProvider.System);
}
