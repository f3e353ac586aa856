using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Pico.Gossip;
using Pico.Server.Cluster.Discovery;
using Pico.Server.Cluster.Members;

namespace Pico.Tests.Server.Cluster.Discovery;

/// <summary>Node a of a cluster of three, whose pods somebody outside knows; node c lives.</summary>
public sealed class NodeEvictorTests : IAsyncDisposable
{
    // So long its time stands still at the most, for machines that answer to do so.
    private static readonly TimeSpan RealStep = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RealPatience = TimeSpan.FromSeconds(20);

    private readonly FakeTimeProvider _time = new();
    private readonly TestDiscovery _discovery = new("uid-a");
    private readonly SilentAddress _silent = new();
    private readonly LinkedNode _a;
    private readonly LinkedNode _c = new("node-c");
    private readonly List<LinkedNode> _others = [];
    private LinkedNode? _b;

    public NodeEvictorTests()
    {
        _a = new LinkedNode("node-a", discovery: _discovery, time: _time);
        foreach (var id in "abc")
            Know($"node-{id}", $"uid-{id}");
        _a.Meet(_c, place: "uid-c");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private NodeEvictor Evictor => _a.Get<NodeEvictor>();

    [Fact]
    public async Task Node_ThatFailed_AndWhoseMachineIsSilent_IsEvicted()
    {
        Evictor.Start();
        Fail(_silent.EndPoint);

        Assert.Equal("uid-b", await EvictionAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(null)]
    public async Task Eviction_ThatIsRefusedOrCannotBeAsked_IsTriedAgain(bool? first)
    {
        var tries = 0;
        _discovery.MayEvict = () => ++tries == 1 ? first : true;
        Evictor.Start();
        Fail(_silent.EndPoint);

        Assert.Equal(("uid-b", "uid-b"), (await EvictionAsync(), await EvictionAsync()));
    }

    [Theory]
    [InlineData(MemberDownReason.Failed, true, true)]
    [InlineData(MemberDownReason.Failed, false, false)]
    [InlineData(MemberDownReason.Left, true, false)]
    [InlineData(MemberDownReason.Replaced, true, false)]
    [InlineData(MemberDownReason.Declared, true, false)]
    public void Node_IsLookedAfter_IfItFailed_AndSomebodyEvicts(MemberDownReason reason, bool evicts, bool isLookedAfter)
    {
        _discovery.Evicts = evicts;
        Evictor.Start();
        Fail(_silent.EndPoint, reason);

        Assert.Equal(isLookedAfter, Evictor.IsLookingAfter("uid-b"));
    }

    [Fact]
    public async Task Node_WhoseMachineAnswers_IsLeftToWhoWatchesOverIt()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        await AssertIsLeftAsync(Fail((IPEndPoint)listener.LocalEndpoint), isSettled: false);
    }

    [Fact]
    public async Task Node_WhosePodHasAnotherAddress_ThatRefusesConnections_AnswersToo()
    {
        var peer = Fail(_silent.EndPoint);
        Know("node-b", "uid-b", "127.0.0.2"); // nobody listens there

        Assert.False(await SettleAsync(peer));
        Assert.False(_discovery.Evictions.TryRead(out _));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(0, true)]
    public async Task Nodes_WhenHalfOfAllAnswerOrLess_EvictNobody(int others, bool isEvicted)
    {
        for (var i = 0; i < others; i++)
            Know($"node-x{i}", $"uid-x{i}");
        Know("node-y", "uid-y", address: null); // still to start

        Assert.Equal(isEvicted, await SettleAsync(Fail(_silent.EndPoint)));
        Assert.Equal(isEvicted, _discovery.Evictions.TryRead(out _));
    }

    /// <summary>As the one that is cut off sees it: of the others one is given up already, the next not yet.</summary>
    [Fact]
    public async Task Node_WhileAnotherThatIsHeldToBeUpIsSilentToo_IsNotEvicted()
    {
        using var silent = new SilentAddress();
        await using var c = new LinkedNode("node-c2", advertised: silent.EndPoint);
        _a.Observer.OnMemberDown(_c.Member, MemberDownReason.Replaced);
        _a.Meet(c, place: "uid-c");

        Assert.False(await SettleAsync(Fail(_silent.EndPoint)));
        Assert.False(_discovery.Evictions.TryRead(out _));
    }

    [Fact]
    public async Task Node_ThatThreeOthersComeBefore_LeavesItToThem()
    {
        await using var last = new LinkedNode("node-z", discovery: new TestDiscovery("uid-z"), time: _time);
        for (var i = 0; i < NodeEvictor.MaxAskers; i++)
        {
            var before = new LinkedNode($"node-{i}");
            _others.Add(before);
            last.Meet(before, place: $"uid-{i}");
        }

        _b = new LinkedNode("node-b", advertised: _silent.EndPoint);
        last.Get<DiscoveredNodes>().Set(Found("node-b", "uid-b", "127.0.0.1", isLeaving: false));
        last.Meet(_b, place: "uid-b");
        Assert.True(last.Get<PeerDirectory>().TryGet(_b.Life, out var peer));
        last.Observer.OnMemberDown(_b.Member, MemberDownReason.Failed);

        Assert.False(await last.Get<NodeEvictor>().IsSettledAsync(_discovery, peer, "uid-b", Cancel).WaitAsync(RealPatience, TimeProvider.System, Cancel));
    }

    [Fact]
    public async Task Node_WhosePodIsAboutToEnd_OrGone_NeedsNoEviction()
    {
        var peer = Fail(_silent.EndPoint);

        Know("node-b", "uid-b", isLeaving: true);
        await AssertIsLeftAsync(peer, isSettled: true);
        _a.Get<DiscoveredNodes>().Remove("uid-b");
        await AssertIsLeftAsync(peer, isSettled: true);
    }

    [Fact]
    public async Task Node_ThatIsBack_OrHasAnotherLifeInThePod_NeedsNoEviction()
    {
        var peer = Fail(_silent.EndPoint);

        _a.Observer.OnMemberUp(_b!.Member);
        await AssertIsLeftAsync(peer, isSettled: true);

        _a.Observer.OnMemberDown(_b.Member, MemberDownReason.Failed);
        await using var next = new LinkedNode("node-b2");
        _a.Meet(next, place: "uid-b");
        await AssertIsLeftAsync(peer, isSettled: true);
    }

    [Fact]
    public async Task Node_ThatIsBackWhileItsMachineIsAsked_IsNotEvicted()
    {
        var peer = Fail(_silent.EndPoint);

        var settling = Evictor.IsSettledAsync(_discovery, peer, "uid-b", Cancel);
        Assert.False(settling.IsCompleted);
        _a.Observer.OnMemberUp(_b!.Member);
        await AdvanceUntilAsync(settling);

        Assert.True(await settling);
        Assert.False(_discovery.Evictions.TryRead(out _));
    }

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _c.DisposeAsync();
        if (_b is not null)
            await _b.DisposeAsync();
        foreach (var other in _others)
            await other.DisposeAsync();
        _silent.Dispose();
    }

    private static DiscoveredNode Found(string node, string uid, string? address, bool isLeaving) =>
        new(node, uid, address is null ? [] : [IPAddress.Parse(address)], "", isLeaving);

    private void Know(string node, string uid, string? address = "127.0.0.1", bool isLeaving = false) => _a.Get<DiscoveredNodes>().Set(Found(node, uid, address, isLeaving));

    /// <summary>Node b, reached at an address, is up and then down.</summary>
    private Peer Fail(IPEndPoint address, MemberDownReason reason = MemberDownReason.Failed)
    {
        _b = new LinkedNode("node-b", advertised: address);
        _a.Meet(_b, place: "uid-b");
        Assert.True(_a.Get<PeerDirectory>().TryGet(_b.Life, out var peer));
        _a.Observer.OnMemberDown(_b.Member, reason);
        return peer;
    }

    private async Task<string> EvictionAsync()
    {
        var eviction = _discovery.Evictions.ReadAsync(Cancel).AsTask();
        await AdvanceUntilAsync(eviction);
        return await eviction;
    }

    private async Task<bool> SettleAsync(Peer peer)
    {
        var settling = Evictor.IsSettledAsync(_discovery, peer, "uid-b", Cancel);
        await AdvanceUntilAsync(settling);
        return await settling;
    }

    private async Task AdvanceUntilAsync(Task end)
    {
        for (var waited = TimeSpan.Zero; !end.IsCompleted && waited <= NodeEvictor.Patience; waited += MachineProbe.TimeToAnswer)
        {
            if (await Task.WhenAny(end, Task.Delay(RealStep, TimeProvider.System, Cancel)) != end)
                _time.Advance(MachineProbe.TimeToAnswer);
        }

        Assert.True(end.IsCompleted);
    }

    /// <summary>Time stands still meanwhile: who answers does so in time.</summary>
    private async Task AssertIsLeftAsync(Peer peer, bool isSettled)
    {
        Assert.Equal(isSettled, await Evictor.IsSettledAsync(_discovery, peer, "uid-b", Cancel).WaitAsync(RealPatience, TimeProvider.System, Cancel));
        Assert.False(_discovery.Evictions.TryRead(out _));
    }
}
