using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Pico.Gossip;
using Pico.Server.Cluster.Links;
using Pico.Server.Cluster.Members;
using Pico.Server.Proxy;
using Pico.Server.Upstreams;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Cluster;

public sealed class PeerLinkTests : IAsyncDisposable
{
    private static readonly IPEndPoint Client = new(IPAddress.Parse("192.0.2.7"), 4711);
    private readonly LinkedNode _a = new("node-a");
    private readonly LinkedNode _b = new("node-b");

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Fact]
    public async Task Relay_HalfCloseAndClientAddress_PassBothNodes()
    {
        MeetEachOther();
        var agent = await _b.ServeAsync("db", TestAgent.EchoAsync);
        _a.Hear(_b, "db");

        var connected = await _a.ConnectAsync("db", Client);

        Assert.True(connected.IsConnected, connected.Detail);
        Assert.Equal("node-b", connected.Upstream.NodeId);
        await connected.Stream.WriteAsync("hello"u8.ToArray(), TestContext.Current.CancellationToken);
        connected.Stream.CompleteOutput();
        Assert.Equal("hello", await ReadToEndAsync(connected.Stream));
        Assert.Equal(Client, (await agent.Opened.Reader.ReadAsync(TestContext.Current.CancellationToken)).Open.ClientAddress);
    }

    [Fact]
    public async Task Relay_ResetByTheService_ReachesTheClientWithItsCode()
    {
        MeetEachOther();
        await _b.ServeAsync("db", stream =>
        {
            stream.Abort(StreamError.ServiceReset);
            return Task.CompletedTask;
        });
        _a.Hear(_b, "db");

        var connected = await _a.ConnectAsync("db");

        Assert.True(connected.IsConnected, connected.Detail);
        var broken = await Assert.ThrowsAsync<StreamException>(() => ReadToEndAsync(connected.Stream));
        Assert.Equal(StreamError.ServiceReset, broken.Error);
    }

    [Fact]
    public async Task Relay_ResetByTheClient_ReachesTheServiceWithItsCode()
    {
        MeetEachOther();
        var agent = await _b.ServeAsync("db");
        _a.Hear(_b, "db");
        var connected = await _a.ConnectAsync("db");
        var (service, _) = await agent.Opened.Reader.ReadAsync(TestContext.Current.CancellationToken);

        connected.Stream!.Abort(StreamError.IdleTimeout);

        var broken = await Assert.ThrowsAsync<StreamException>(() => ReadToEndAsync(service));
        Assert.Equal(StreamError.IdleTimeout, broken.Error);
    }

    [Fact]
    public async Task Relay_ServiceThatReadsNothing_HoldsTheClientUp()
    {
        MeetEachOther();
        await _b.ServeAsync("db");
        _a.Hear(_b, "db");
        var connected = await _a.ConnectAsync("db");

        // What windows and buffers of three hops hold is bounded: a writer that is not read comes to a stop, while another stream carries more than that on the same way.
        var written = 0;
        var writing = WriteForEverAsync();
        await _b.ServeAsync("echo", TestAgent.EchoAsync);
        _a.Hear(_b, "echo");
        var other = await _a.ConnectAsync("echo");
        var sent = new byte[1024 * 1024];
        for (var i = 0; i < 60; i++)
        {
            var write = other.Stream!.WriteAsync(sent, TestContext.Current.CancellationToken);
            for (long received = 0; received < sent.Length;)
            {
                var result = await other.Stream.Input.ReadAsync(TestContext.Current.CancellationToken);
                received += result.Buffer.Length;
                other.Stream.Input.AdvanceTo(result.Buffer.End);
            }

            await write;
        }

        Assert.False(writing.IsCompleted);
        Assert.InRange(Volatile.Read(ref written), 0, 20);
        connected.Stream!.Abort(StreamError.Cancelled);
        await Assert.ThrowsAsync<StreamException>(() => writing);

        async Task WriteForEverAsync()
        {
            for (var data = new byte[1024 * 1024]; ; Interlocked.Increment(ref written))
                await connected.Stream!.WriteAsync(data, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Relay_EndpointThatTheNodeHasNot_IsRefusedAndNotRelayedFurther()
    {
        MeetEachOther();
        await using var c = new LinkedNode("node-c");
        _b.Meet(c);
        c.Meet(_b);
        await c.ServeAsync("db", TestAgent.EchoAsync);
        _b.Hear(c, "db");
        _a.Hear(_b, "db"); // which is not true

        var connected = await _a.ConnectAsync("db");

        Assert.Equal(ProxyError.NoAvailableUpstreams, connected.Error);
        Assert.DoesNotContain(_b.Get<PeerDirectory>().All, p => p.Link.Current is not null);
    }

    [Fact]
    public async Task Open_AtANodeThatGoesDownBeforeItAnswers_IsTriedAtAnother()
    {
        MeetEachOther();
        await using var c = new LinkedNode("node-c");
        _a.Meet(c);
        c.Meet(_a);
        var silent = await _b.ServeAsync("db");
        silent.AutoAccept = false;
        await c.ServeAsync("db", TestAgent.EchoAsync);
        _a.Hear(_b, "db");
        var connecting = _a.ConnectAsync("db");
        await silent.Opened.Reader.ReadAsync(TestContext.Current.CancellationToken);
        _a.Hear(c, "db");

        _a.Observer.OnMemberDown(_b.Member, MemberDownReason.Failed);

        var connected = await connecting;
        Assert.True(connected.IsConnected, connected.Detail);
        Assert.Equal("node-c", connected.Upstream.NodeId);
    }

    [Fact]
    public async Task Open_RefusedByOneNode_IsTriedAtAnother()
    {
        MeetEachOther();
        await using var c = new LinkedNode("node-c");
        _a.Meet(c);
        c.Meet(_a);
        await c.ServeAsync("db", TestAgent.EchoAsync);
        _a.Hear(_b, "db"); // which is not true
        _a.Hear(c, "db");

        for (var i = 0; i < 10; i++)
        {
            var connected = await _a.ConnectAsync("db");
            Assert.True(connected.IsConnected, connected.Detail);
            Assert.Equal("node-c", connected.Upstream.NodeId);
        }
    }

    [Fact]
    public async Task Open_ServiceRefuses_GivesItsReason()
    {
        MeetEachOther();
        var agent = await _b.ServeAsync("db");
        agent.AutoAccept = false;
        _a.Hear(_b, "db");

        var connecting = _a.ConnectAsync("db");
        var (stream, _) = await agent.Opened.Reader.ReadAsync(TestContext.Current.CancellationToken);
        stream.Refuse(StreamError.ServiceUnreachable, "connection refused");

        var connected = await connecting;
        Assert.Equal((ProxyError.UpstreamUnreachable, "connection refused"), (connected.Error, connected.Detail));
    }

    [Fact]
    public async Task Open_ClientLosesInterest_TakesTheOpenAtTheAgentBack()
    {
        MeetEachOther();
        var agent = await _b.ServeAsync("db");
        agent.AutoAccept = false;
        _a.Hear(_b, "db");
        Assert.True(_a.Routes.TryGet("db", out var endpoint));
        using var client = new CancellationTokenSource();

        var connecting = _a.Get<UpstreamConnector>().ConnectAsync(endpoint, reuse: false, null, trace: default, client.Token);
        var (stream, _) = await agent.Opened.Reader.ReadAsync(TestContext.Current.CancellationToken);
        await client.CancelAsync();

        Assert.Equal(ProxyError.ClientGone, (await connecting).Error);
        await Eventually.TrueAsync(() => stream.IsInputClosed);
    }

    [Fact]
    public async Task Idle_HttpStream_IsUsedAgainWithoutAnOpen()
    {
        MeetEachOther();
        var agent = await _b.ServeAsync("web", TestAgent.EchoAsync, EndpointProtocol.Http);
        _a.Hear(_b, "web", EndpointProtocol.Http);
        var first = await _a.ConnectAsync("web", reuse: true);
        first.Upstream!.Idle.Return(first.Stream!);

        var second = await _a.ConnectAsync("web", reuse: true);

        Assert.True(second.IsReused);
        Assert.Same(first.Stream, second.Stream);
        Assert.Equal(1, agent.Opened.Reader.Count);
    }

    [Fact]
    public async Task Draining_Node_IsUsedForWhatNobodyElseHasAndKeepsNothingIdle()
    {
        MeetEachOther();
        await _b.ServeAsync("web", TestAgent.EchoAsync, EndpointProtocol.Http);
        _a.Hear(_b, "web", EndpointProtocol.Http);
        var first = await _a.ConnectAsync("web", reuse: true);
        first.Upstream!.Idle.Return(first.Stream!);

        _a.Meet(_b, draining: true);
        Assert.Equal(0, first.Upstream.IdleCount);
        var onlyOne = await _a.ConnectAsync("web");
        Assert.True(onlyOne.IsConnected, onlyOne.Detail);
        await using var c = new LinkedNode("node-c");
        _a.Meet(c);
        c.Meet(_a);
        await c.ServeAsync("web", TestAgent.EchoAsync, EndpointProtocol.Http);
        _a.Hear(c, "web", EndpointProtocol.Http);

        for (var i = 0; i < 10; i++)
            Assert.Equal("node-c", (await _a.ConnectAsync("web")).Upstream!.NodeId);
    }

    [Fact]
    public async Task Down_Node_TakesItsRoutesWithItAndWhatRunsFinishes()
    {
        MeetEachOther();
        await _b.ServeAsync("db", TestAgent.EchoAsync);
        _a.Hear(_b, "db");
        var running = await _a.ConnectAsync("db");

        _a.Observer.OnMemberDown(_b.Member, MemberDownReason.Left);

        Assert.False(_a.Routes.TryGet("db", out _));
        await running.Stream!.WriteAsync("still here"u8.ToArray(), TestContext.Current.CancellationToken);
        running.Stream.CompleteOutput();
        Assert.Equal("still here", await ReadToEndAsync(running.Stream));
    }

    [Fact]
    public async Task Link_Lost_IsDialledAgainAndOthersArePreferredMeanwhile()
    {
        MeetEachOther();
        await _b.ServeAsync("db", TestAgent.EchoAsync);
        _a.Hear(_b, "db");
        var running = await _a.ConnectAsync("db");
        var link = Peer(_a, _b).Link;
        var lost = link.Current!;

        await lost.DisposeAsync();
        await Assert.ThrowsAsync<StreamException>(() => ReadToEndAsync(running.Stream!));

        await Eventually.TrueAsync(() => link.Current is { } current && current != lost);
        Assert.True((await _a.ConnectAsync("db")).IsConnected);
    }

    [Fact]
    public async Task Link_NobodyListens_FailsFastAndSaysWhom()
    {
        MeetEachOther();
        _b.Get<ClusterPort>().Dispose();
        _a.Hear(_b, "db");

        var connected = await _a.ConnectAsync("db");

        Assert.Equal(ProxyError.UpstreamUnreachable, connected.Error);
        Assert.Contains("node-b cannot be reached", connected.Detail, StringComparison.Ordinal);
        Assert.True(Peer(_a, _b).Link.IsDown);
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
        MeetEachOther();
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
    public async Task Accept_SilentConnections_AreBoundedAndHarmNoMember()
    {
        MeetEachOther();
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
        MeetEachOther();
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

    private static Peer Peer(LinkedNode from, LinkedNode to) => from.Get<PeerDirectory>().TryGet(to.Life, out var peer) ? peer : throw new InvalidOperationException();

    private static async Task<string> ReadToEndAsync(TunnelStream stream)
    {
        using var reader = new StreamReader(stream.AsStream());
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    private void MeetEachOther()
    {
        _a.Meet(_b);
        _b.Meet(_a);
    }
}
