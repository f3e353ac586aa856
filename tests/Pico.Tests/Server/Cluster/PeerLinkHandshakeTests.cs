using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Pico.Gossip;
using Pico.Server.Cluster.Links;
using Pico.Server.Proxy;

namespace Pico.Tests.Server.Cluster;

/// <summary>Whom a peer link takes for a member, and what strangers at the port can do.</summary>
public sealed class PeerLinkHandshakeTests : IAsyncDisposable
{
    private readonly LinkedNode _a = new("node-a");
    private readonly LinkedNode _b = new("node-b");

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Fact]
    public async Task Dial_AnotherCertificateThanTheGossiped_IsRefused()
    {
        _b.Meet(_a);
        _a.Meet(_b, fingerprint: _a.Fingerprint);
        await _b.ServeAsync("db", TestAgent.EchoAsync);
        _a.Hear(_b, "db");

        var connected = await _a.ConnectAsync("db");

        Assert.Equal(ProxyError.UpstreamUnreachable, connected.Error);
        Assert.Equal(0, _b.Get<LinkAcceptor>().Count);
    }

    [Fact]
    public async Task Accept_CertificateOfNoMember_IsRefused()
    {
        _a.Meet(_b); // and _b never heard of _a
        await _b.ServeAsync("db", TestAgent.EchoAsync);
        _a.Hear(_b, "db");

        var connected = await _a.ConnectAsync("db");

        Assert.False(connected.IsConnected);
        Assert.Equal(0, _b.Get<LinkAcceptor>().Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Accept_TlsOfAStranger_LearnsNothing(bool withCertificate)
    {
        _a.MeetEachOther(_b);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(_b.Address, TestContext.Current.CancellationToken);
        await using var tls = new SslStream(tcp.GetStream());
        using var own = TestCertificate.Create("stranger");

        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "pico",
                    EnabledSslProtocols = SslProtocols.Tls13,
                    ClientCertificates = withCertificate ? [own] : [],
                    RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
                },
                TestContext.Current.CancellationToken);
            // In TLS 1.3 the client is through before the server has looked: it learns with the first byte.
            if (await tls.ReadAsync(new byte[1], TestContext.Current.CancellationToken) == 0)
                throw new EndOfStreamException();
        });

        Assert.Equal(0, _b.Get<LinkAcceptor>().Count);
    }

    [Fact]
    public async Task Dial_NodeThatSaysNothing_KeepsNobodyWhoCanGoElsewhere()
    {
        _a.MeetEachOther(_b);
        await using var c = new LinkedNode("node-c");
        _a.MeetEachOther(c);
        await c.ServeAsync("db", TestAgent.EchoAsync);
        _b.Get<ClusterPort>().Dispose();
        using var silent = new TcpListener(_b.Address);
        silent.Start();
        _a.Hear(_b, "db");
        var first = _a.ConnectAsync("db");
        using var dialled = await silent.AcceptSocketAsync(TestContext.Current.CancellationToken);
        _a.Hear(c, "db");
        Assert.True(_a.Routes.TryGet("db", out var endpoint));
        var b = endpoint.Upstreams.ToArray().Single(u => u.NodeId == "node-b");
        await Eventually.TrueAsync(() => b.IsEjected); // it hesitates

        var others = Enumerable.Range(0, 20).Select(_ => _a.ConnectAsync("db")).ToArray();

        Assert.Equal(1, b.Outstanding);
        Assert.All(await Task.WhenAll(others), o => Assert.Equal("node-c", o.Upstream?.NodeId));
        _a.Observer.OnMemberDown(_b.Member, MemberDownReason.Failed);
        Assert.Equal("node-c", (await first).Upstream?.NodeId);
    }

    [Fact]
    public async Task Accept_SilentConnections_AreBoundedAndHarmNoMember()
    {
        _a.MeetEachOther(_b);
        await _b.ServeAsync("db", TestAgent.EchoAsync);
        _a.Hear(_b, "db");
        Assert.True((await _a.ConnectAsync("db")).IsConnected);
        var strangers = new List<TcpClient>();
        for (var i = 0; i < LinkOptions.MaxPendingOfAddress + 1; i++)
        {
            var stranger = new TcpClient();
            strangers.Add(stranger);
            await stranger.ConnectAsync(_b.Address, TestContext.Current.CancellationToken);
        }

        // One too many is closed at once, whichever of them that is.
        var closed = await await Task.WhenAny(strangers.Select(s => s.GetStream().ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask()));
        Assert.Equal(0, closed);
        Assert.True((await _a.ConnectAsync("db")).IsConnected);
        strangers.ForEach(s => s.Dispose());
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001\u0002\u0000nothing of TLS at all")]
    [InlineData("")]
    public async Task Accept_Garbage_EndsThatConnectionOnly(string bytes)
    {
        _a.MeetEachOther(_b);
        await _b.ServeAsync("db", TestAgent.EchoAsync);
        _a.Hear(_b, "db");
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(_b.Address, TestContext.Current.CancellationToken);
        var stream = tcp.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(bytes), TestContext.Current.CancellationToken);
        tcp.Client.Shutdown(SocketShutdown.Send);

        try
        {
            while (await stream.ReadAsync(new byte[100], TestContext.Current.CancellationToken) > 0)
            {
                // A TLS alert may come.
            }
        }
        catch (IOException)
        {
            // Or a reset.
        }

        Assert.True((await _a.ConnectAsync("db")).IsConnected);
    }
}
