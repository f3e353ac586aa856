using System.Net;
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
        _a.MeetEachOther(_b);
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
        _a.MeetEachOther(_b);
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
        _a.MeetEachOther(_b);
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
        _a.MeetEachOther(_b);
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
        _a.MeetEachOther(_b);
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
        _a.MeetEachOther(_b);
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
        _a.MeetEachOther(_b);
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
        _a.MeetEachOther(_b);
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
        _a.MeetEachOther(_b);
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
        _a.MeetEachOther(_b);
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
        _a.MeetEachOther(_b);
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
        _a.MeetEachOther(_b);
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
        _a.MeetEachOther(_b);
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
        _a.MeetEachOther(_b);
        _b.Get<ClusterPort>().Dispose();
        _a.Hear(_b, "db");

        var connected = await _a.ConnectAsync("db");

        Assert.Equal(ProxyError.UpstreamUnreachable, connected.Error);
        Assert.Contains("node-b cannot be reached", connected.Detail, StringComparison.Ordinal);
        Assert.True(Peer(_a, _b).Link.IsDown);
    }

    private static Peer Peer(LinkedNode from, LinkedNode to) => from.Get<PeerDirectory>().TryGet(to.Life, out var peer) ? peer : throw new InvalidOperationException();

    private static async Task<string> ReadToEndAsync(TunnelStream stream)
    {
        using var reader = new StreamReader(stream.AsStream());
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
