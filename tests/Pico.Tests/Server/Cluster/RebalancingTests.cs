using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Cluster;

/// <summary>Tunnels that move between real nodes.</summary>
public sealed class RebalancingTests
{
    private static readonly TunnelHello Moving = new() { Id = "agent-3", Name = "test", IsMoving = true };

    [Fact]
    public async Task MovingTunnel_IsTakenOnlyByANodeThatIsNotAboveTheMean()
    {
        await using var cluster = await TestCluster.StartAsync(2);
        await using var one = await TestAgent.ConnectAsync(cluster[0].Server.UpstreamAddress);
        await using var two = await TestAgent.ConnectAsync(cluster[0].Server.UpstreamAddress, new TunnelHello { Id = "agent-2" });
        await cluster[1].StatusAsync(s => s.Nodes.Any(n => n.Tunnels == 2));
        var refused = await Assert.ThrowsAsync<TunnelException>(() => TestAgent.ConnectAsync(cluster[0].Server.UpstreamAddress, Moving));
        await using var moved = await TestAgent.ConnectAsync(cluster[1].Server.UpstreamAddress, Moving);

        Assert.Equal(TunnelError.Rebalance, refused.Error);
        Assert.Equal("node-1", moved.Tunnel.Remote.Id);
    }
}
