using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Pico.Gossip;
using Pico.Tests.Agent;

namespace Pico.Tests.Gossip;

/// <summary>Nodes with real sockets, each on a loopback address of its own.</summary>
public sealed class GossipNodeTests : IAsyncDisposable
{
    private static readonly GossipKey Key = GossipKey.Create();

    private readonly List<LiveNode> _nodes = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Join_ByAnAddressWithoutPort_FindsTheMemberAndItsValues()
    {
        var a = await StartAsync("a", "127.0.81.1", 0, o => o);
        a.Node.Set("orders", "1"u8);
        var b = await StartAsync("b", "127.0.81.2", a.Address.Port, o => o with { Join = ["127.0.81.1"] });
        b.Node.Set("users", "2"u8);

        await b.Node.Joined.WaitAsync(Cancellation);
        await b.UntilAsync(n => n.ValueOf("a", "orders") == "1");
        await a.UntilAsync(n => n.ValueOf("b", "users") == "2");
        a.Node.Remove("orders");
        await b.UntilAsync(n => n.CountOf("a") == 0);
        var member = Assert.Single(a.Node.Members);
        Assert.Equal((b.Address, MemberState.Alive), (member.Address, member.State));
        Assert.True(member.TryGet("users", out var value));
        Assert.Equal("2", Encoding.UTF8.GetString(value));
    }

    [Fact]
    public async Task Join_ByANameOfAllAddresses_FindsEverybody()
    {
        var addresses = new[] { "127.0.82.1", "127.0.82.2", "127.0.82.3" };
        var port = FreePort(addresses);
        foreach (var address in addresses)
            await StartAsync(address, address, port, o => o with { Join = ["pico.test"], Resolve = (_, _) => Task.FromResult(Array.ConvertAll(addresses, IPAddress.Parse)) });

        foreach (var node in _nodes)
            await node.UntilAsync(n => n.Knows([.. addresses.Where(a => a != n.Node.Self.Life.NodeId)]));
    }

    [Fact]
    public async Task Parts_ThatWereApart_FindTogetherWhenTheNameResolvesToBoth()
    {
        var addresses = new[] { "127.0.83.1", "127.0.83.2" };
        var port = FreePort(addresses);
        IPAddress[] resolved = [];
        var a = await StartAsync("a", addresses[0], port, o => o);
        var b = await StartAsync("b", addresses[1], port, o => o with { Join = ["pico.test"], Resolve = (_, _) => Task.FromResult(Volatile.Read(ref resolved)) });
        Assert.False(b.Node.Joined.IsCompleted);
        Volatile.Write(ref resolved, Array.ConvertAll(addresses, IPAddress.Parse));

        await b.Node.Joined.WaitAsync(Cancellation);
        await a.UntilAsync(n => n.Knows("b"));
        await b.UntilAsync(n => n.Knows("a"));
    }

    [Fact]
    public async Task ManyValues_OfAMember_ComeByTcp()
    {
        var a = await StartAsync("a", "127.0.84.1", 0, o => o);
        for (var i = 0; i < 20_000; i++)
            a.Node.Set($"endpoint-{i}", "1"u8);
        var b = await StartAsync("b", "127.0.84.2", 0, o => o with { Join = [a.Address.ToString()] });

        await b.Node.Joined.WaitAsync(Cancellation);
        await b.UntilAsync(n => n.CountOf("a") == 20_000);
        // A sync is counted when its conversation has ended, a moment after its last value came.
        await Eventually.TrueAsync(() => b.Node.Counters.Syncs > 0);
        Assert.InRange(b.Node.Counters.Syncs, 1, 10);
    }

    [Fact]
    public async Task Leave_IsToldBeforeItReturns()
    {
        var (a, b) = await PairAsync("127.0.85");
        await b.Node.LeaveAsync(Cancellation);

        await a.UntilAsync(n => n.Knows());
        Assert.Equal("down b Left", a.Events.Last());
    }

    [Fact]
    public async Task Death_OfANode_IsNoticed()
    {
        var (a, b) = await PairAsync("127.0.86");
        _nodes.Remove(b);
        await b.DisposeAsync();

        await a.UntilAsync(n => n.Knows());
        Assert.Equal("down b Failed", a.Events.Last());
    }

    [Fact]
    public async Task Restart_OfANode_ReplacesItsLife()
    {
        var (a, b) = await PairAsync("127.0.87");
        _nodes.Remove(b);
        await b.DisposeAsync();
        await StartAsync("b", "127.0.87.2", b.Address.Port, o => o with { Join = [a.Address.ToString()] });

        await a.UntilAsync(n => n.Events.Count(e => e == "up b") == 2);
        Assert.Contains(a.Events, e => e is "down b Replaced" or "down b Failed");
    }

    [Fact]
    public async Task DeclaredDead_Life_IsDownAtOnceAndExpelled()
    {
        var (a, b) = await PairAsync("127.0.88");
        a.Node.DeclareDead(b.Node.Self.Life);

        await a.UntilAsync(n => n.Knows());
        Assert.Equal("down b Declared", a.Events.Last());
        Assert.Equal(MemberDownReason.Declared, await b.Node.Expelled.WaitAsync(Cancellation));
    }

    [Fact]
    public async Task Anchor_ThatKnowsALifeToBeOver_KeepsItOut()
    {
        var a = await StartAsync("a", "127.0.89.1", 0, o => o with { Anchor = new Anchor("b") });
        var b = await StartAsync("b", "127.0.89.2", 0, o => o with { Join = [a.Address.ToString()] });

        Assert.Equal(MemberDownReason.Declared, await b.Node.Expelled.WaitAsync(Cancellation));
        Assert.Empty(a.Events);
    }

    [Fact]
    public async Task Stranger_WithoutTheKey_LearnsNothingAndIsCounted()
    {
        var (a, b) = await PairAsync("127.0.90");
        a.Node.Set("secret-endpoint", "1"u8);
        await b.UntilAsync(n => n.ValueOf("a", "secret-endpoint") == "1");
        var stranger = await StartAsync("stranger", "127.0.90.9", 0, o => o with { Keys = [GossipKey.Create()], Join = [a.Address.ToString(), b.Address.ToString()] });
        var open = await StartAsync("open", "127.0.90.8", 0, o => o with { Keys = [], Join = [a.Address.ToString(), b.Address.ToString()] });
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(a.Address, Cancellation);
        await tcp.GetStream().WriteAsync(new byte[] { (byte)'P', (byte)'G', (byte)'S', 1, 0 }.Concat(new byte[28]).ToArray(), Cancellation);
        Assert.Equal(0, await tcp.GetStream().ReadAsync(new byte[100], Cancellation));

        await WaitAsync(() => a.Node.Counters.Dropped(PacketDrop.UnknownKey) > 1 && a.Node.Counters.Dropped(PacketDrop.Unsealed) > 1);
        Assert.Empty(stranger.Events);
        Assert.Empty(open.Events);
        Assert.False(stranger.Node.Joined.IsCompleted);
        Assert.True(a.Knows("b"));
    }

    [Fact]
    public async Task Rotation_OfTheKeys_HasNoGap()
    {
        var (a, b) = await PairAsync("127.0.91");
        var fresh = GossipKey.Create();
        GossipKey[][] steps = [[Key, fresh], [fresh, Key], [fresh]];
        foreach (var (step, keys) in steps.Index())
        {
            foreach (var node in _nodes)
            {
                node.Node.SetKeys(keys);
                node.Node.Set($"step-{step}", "1"u8);
                await (node == a ? b : a).UntilAsync(n => n.ValueOf(node.Node.Self.Life.NodeId, $"step-{step}") == "1");
            }
        }

        Assert.DoesNotContain(a.Events.Concat(b.Events), e => e.StartsWith("down", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_WithoutAnyKey_WarnsLoudly()
    {
        using var log = new RecordingLogger();
        await LiveNodeWithoutKeyAsync(log);

        Assert.Contains(log.Messages, m => m.Level == LogLevel.Warning && m.Message.StartsWith("GOSSIP IS NOT ENCRYPTED", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("x", 769)]
    public async Task Set_OfWhatCannotBeSent_IsRefused(string key, int length)
    {
        var a = await StartAsync("a", "127.0.93.1", 0, o => o);

        Assert.Throws<ArgumentException>(() => a.Node.Set(key, new byte[length]));
        Assert.Throws<ArgumentException>(() => a.Node.Set(new string('k', 256), [1]));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
    }

    private static int FreePort(string[] addresses)
    {
        for (var tries = 0; ; tries++)
        {
            using var first = new TcpListener(IPAddress.Parse(addresses[0]), 0);
            first.Start();
            var port = ((IPEndPoint)first.LocalEndpoint).Port;
            try
            {
                foreach (var address in addresses.Skip(1))
                {
                    using var other = new TcpListener(IPAddress.Parse(address), port);
                    other.Start();
                }

                return port;
            }
            catch (SocketException) when (tries < 100)
            {
                // Taken at another address: the next.
            }
        }
    }

    private static async Task WaitAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        while (!condition())
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
    }

    private async Task<(LiveNode A, LiveNode B)> PairAsync(string network)
    {
        var a = await StartAsync("a", $"{network}.1", 0, o => o);
        var b = await StartAsync("b", $"{network}.2", 0, o => o with { Join = [a.Address.ToString()] });
        await a.UntilAsync(n => n.Knows("b"));
        await b.UntilAsync(n => n.Knows("a"));
        return (a, b);
    }

    private async Task LiveNodeWithoutKeyAsync(RecordingLogger log) => _nodes.Add(await LiveNode.StartAsync("a", "127.0.92.1", 0, o => o, log));

    private async Task<LiveNode> StartAsync(string id, string address, int port, Func<GossipOptions, GossipOptions> configure)
    {
        var node = await LiveNode.StartAsync(id, address, port, o => configure(o with { Keys = [Key] }));
        _nodes.Add(node);
        return node;
    }

    private sealed class Anchor(string over) : ILifeAnchor
    {
        public LifeStanding Judge(NodeLife life) => life.NodeId == over ? LifeStanding.Over : LifeStanding.Unknown;
    }
}
