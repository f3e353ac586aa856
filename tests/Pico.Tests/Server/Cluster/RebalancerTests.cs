using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Pico.Server.Auth;
using Pico.Server.Cluster;
using Pico.Server.Cluster.Balancing;
using Pico.Server.Cluster.Members;
using Pico.Server.Hosting;
using Pico.Server.Upstreams.Tunnels;
using Pico.Tests.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Cluster;

/// <summary>Which agents a node asks to move, and when; real tunnels, and loads of the other node that the test tells.</summary>
public sealed class RebalancerTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly FakeTimeProvider _time = new();
    private readonly LinkedNode _here = new("node-a");
    private readonly LinkedNode _other = new("node-b");
    private readonly List<TunnelPair> _tunnels = [];
    private readonly Rebalancer _rebalancer;

    public RebalancerTests()
    {
        _rebalancer = new Rebalancer(
            _here.Get<TunnelSet>(), _here.Get<PeerDirectory>(), _here.Get<NodeLifecycle>(), _here.Get<ClusterMetrics>(), _time, NullLogger<Rebalancer>.Instance);
        _here.Get<NodeLifecycle>().BeginListening();
        _here.Get<NodeLifecycle>().EndJoining();
        _here.Meet(_other);
    }

    public async ValueTask DisposeAsync()
    {
        _rebalancer.Dispose();
        foreach (var tunnel in _tunnels)
            await tunnel.DisposeAsync();
        await _here.DisposeAsync();
        await _other.DisposeAsync();
    }

    [Fact]
    public async Task Look_AboveTheMean_AsksAsManyAsAreTooManyAndNoMore()
    {
        await HoldAsync(6);
        Tell(0);
        _rebalancer.Start();

        Look(1);
        Assert.Equal(0, AskedCount()); // the first look comes after one to two intervals, and the second in a row counts
        Look(8);
        Assert.Equal(3, AskedCount()); // those that were asked count as gone
        var asked = await (await Task.WhenAny(Asked()).WaitAsync(Patience, TestContext.Current.CancellationToken));

        Assert.Equal(TunnelError.Rebalance, asked.Reason);
    }

    [Fact]
    public async Task Look_BeforeTheOtherNodesLoadIsHeard_AsksNobody()
    {
        await HoldAsync(4);
        _rebalancer.Start();

        Look(20);

        Assert.Equal(0, AskedCount());
    }

    [Fact]
    public async Task Look_WhenTheOtherNodeOrThisOneDrains_AsksNobody()
    {
        await HoldAsync(4);
        Tell(0);
        _here.Meet(_other, draining: true);
        _rebalancer.Start();
        Look(20);
        _here.Meet(_other);
        _here.Get<NodeLifecycle>().BeginDraining();
        Look(20);

        Assert.Equal(0, AskedCount());
    }

    [Fact]
    public async Task HasRoom_ComparesWithTheMean()
    {
        await HoldAsync(2);
        Tell(2);
        Assert.True(_rebalancer.HasRoom);

        Tell(1);
        Assert.False(_rebalancer.HasRoom);
    }

    private void Look(int times)
    {
        for (var i = 0; i < times; i++)
            _time.Advance(Rebalancer.Interval);
    }

    private void Tell(int tunnels) => _here.Observer.OnValueSet(_other.Member, ".load"u8, new NodeLoad(tunnels).Encode());

    private async Task HoldAsync(int tunnels)
    {
        for (var i = 0; i < tunnels; i++)
        {
            _tunnels.Add(await TunnelPair.CreateAsync());
            _here.Get<TunnelSet>().Add(new TunnelRecord(_tunnels[^1].Server, VerifiedToken.Anonymous, 0, () => { }));
        }
    }

    private int AskedCount() => _here.Get<TunnelSet>().All.Count(t => t.AskedToMoveAt is not null);

    private IEnumerable<Task<(TunnelError Reason, string Message)>> Asked() => _tunnels.Select(t => t.ClientHandler.GoneAway.Task);
}
