using System.Text;
using Pico.Gossip;
using Pico.Server.Cluster.Routes;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Cluster;

/// <summary>What the endpoints of other nodes cost. Runs alone: it counts what the process holds.</summary>
[Collection("Allocations")]
public sealed class RemoteRoutesMemoryTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Endpoints_ByTheHundredThousand_CostLittleUntilTheyAreUsed()
    {
        await using var a = new LinkedNode("node-a");
        await using var b = new LinkedNode("node-b");
        const int Count = 100_000;
        a.Meet(b);
        var keys = Enumerable.Range(0, Count).Select(i => Encoding.ASCII.GetBytes($"endpoint-{i:x8}")).ToArray();
        var value = new RouteValue(EndpointProtocol.Http, 1).Encode();

        var before = GC.GetTotalMemory(forceFullCollection: true);
        foreach (var key in keys)
            a.Observer.OnValueSet(b.Member, key, value);
        var bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / Count;

        Assert.Equal(Count, a.Routes.Count);
        output.WriteLine($"{bytes} bytes for each endpoint of another node");
        Assert.InRange(bytes, 1, 400);
        a.Observer.OnMemberDown(b.Member, MemberDownReason.Failed);
        Assert.Equal(0, a.Routes.Count);
    }
}
