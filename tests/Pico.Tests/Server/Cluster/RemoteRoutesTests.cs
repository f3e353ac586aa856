using Pico.Server.Cluster.Members;
using Pico.Server.Cluster.Routes;
using Pico.Server.Upstreams;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Cluster;

public sealed class RemoteRoutesTests : IAsyncDisposable
{
    private readonly LinkedNode _a = new("node-a", zone: "z1");
    private readonly LinkedNode _b = new("node-b");

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Fact]
    public void Heard_CountsAndRemovals_AreSeenByTheNextRequest()
    {
        _a.Meet(_b);
        _a.Hear(_b, "orders", EndpointProtocol.Http, count: 2);
        Assert.True(_a.Routes.TryGet("ORDERS", out var endpoint));
        Assert.Equal(2, endpoint.Upstreams[0].Weight);

        _a.Hear(_b, "orders", EndpointProtocol.Http, count: 5);
        Assert.Equal(5, Assert.Single(endpoint.Upstreams.ToArray()).Weight);

        _a.Observer.OnValueRemoved(_b.Member, "orders"u8);
        Assert.False(_a.Routes.TryGet("orders", out _));
    }

    [Fact]
    public void Heard_BeforeTheNodeIsKnown_IsNotUsedUntilThen()
    {
        _a.Observer.OnMemberUp(_b.Member);
        _a.Hear(_b, "orders");
        Assert.True(_a.Routes.TryGet("orders", out var endpoint));
        Assert.False(endpoint.Upstreams[0].IsOpen);

        _a.Meet(_b, zone: "z1");

        Assert.True(endpoint.Upstreams[0].IsOpen);
        Assert.Equal(Proximity.Zone, endpoint.Upstreams[0].Proximity);
    }

    [Theory]
    [InlineData("Not_an_endpoint")]
    [InlineData("-a")]
    [InlineData(".other")]
    [InlineData("a-name-that-is-longer-than-the-sixty-three-characters-of-a-dns-label")]
    public void Heard_KeyThatIsNoEndpoint_IsIgnored(string key)
    {
        _a.Meet(_b);

        _a.Hear(_b, key);

        Assert.Equal(0, _a.Routes.Count);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 1, 0, 0 })]
    [InlineData(new byte[] { 99, 0, 1 })]
    public void Heard_ValueThatIsNotUnderstood_IsIgnored(byte[] value)
    {
        _a.Meet(_b);

        _a.Observer.OnValueSet(_b.Member, "orders"u8, value);

        Assert.Equal(0, _a.Routes.Count);
    }

    [Fact]
    public void Heard_OtherProtocol_TakesThePlaceOfWhatThatNodeHad()
    {
        _a.Meet(_b);
        _a.Hear(_b, "db", EndpointProtocol.Tcp);
        _a.Hear(_b, "db", EndpointProtocol.H2C);

        Assert.True(_a.Routes.TryGet("db", out var endpoint));
        Assert.Equal(EndpointProtocol.H2C, Assert.Single(endpoint.Upstreams.ToArray()).Protocol);
    }

    [Fact]
    public void Register_OtherProtocolThanAnotherNodeHas_IsRefused()
    {
        _a.Meet(_b);
        _a.Hear(_b, "db", EndpointProtocol.H2C);

        Assert.Contains("h2c", _a.Routes.Add(new Upstreams.TestUpstream("db", protocol: EndpointProtocol.Tcp)), StringComparison.Ordinal);
    }

    [Fact]
    public void Published_RegistrationsOfThisNode_FollowEachChange()
    {
        _a.Get<RoutePublisher>().Start(_a.Gossip);
        var (first, second) = (new Upstreams.TestUpstream("orders"), new Upstreams.TestUpstream("orders"));

        _a.Routes.Add(first);
        _a.Routes.Add(second);
        Assert.Equal(new RouteValue(EndpointProtocol.Http, 2), Published("orders"));

        _a.Routes.Remove(first);
        Assert.Equal(new RouteValue(EndpointProtocol.Http, 1, Withdrawals: 1), Published("orders"));

        _a.Routes.Remove(second);
        Assert.Null(Published("orders"));

        _a.Routes.Add(first);
        Assert.Equal(new RouteValue(EndpointProtocol.Http, 1, Withdrawals: 2), Published("orders"));
    }

    [Fact]
    public void Heard_Withdrawal_IsAnotherUpstreamWhoseIdleStreamsAreNew()
    {
        _a.Meet(_b);
        _a.Observer.OnValueSet(_b.Member, "orders"u8, new RouteValue(EndpointProtocol.Http, 2).Encode());
        Assert.True(_a.Routes.TryGet("orders", out var endpoint));
        var former = endpoint.Upstreams[0];

        _a.Observer.OnValueSet(_b.Member, "orders"u8, new RouteValue(EndpointProtocol.Http, 2, Withdrawals: 1).Encode());

        Assert.True(former.IsWithdrawn);
        Assert.NotSame(former, Assert.Single(endpoint.Upstreams.ToArray()));
        Assert.True(endpoint.Upstreams[0].IsOpen);
    }

    [Fact]
    public void RouteValue_OfAVersionWithoutWithdrawals_IsUnderstood()
    {
        Assert.True(RouteValue.TryDecode([(byte)EndpointProtocol.Http, 0, 3], out var route));
        Assert.Equal(new RouteValue(EndpointProtocol.Http, 3), route);
    }

    [Fact]
    public void Published_EndpointOfOthers_IsNotThisNodesToTell()
    {
        _a.Get<RoutePublisher>().Start(_a.Gossip);
        _a.Meet(_b);

        _a.Hear(_b, "orders");

        Assert.Null(Published("orders"));
    }

    [Fact]
    public void Facts_FieldsOfALaterVersion_AreIgnored()
    {
        var facts = NodeFacts.Decode("""{"certificate":"ab","software":"pico/9","wings":2}"""u8);

        Assert.Equal(("ab", "pico/9", "", false), (facts!.Certificate, facts.Software, facts.Zone, facts.Draining));
        Assert.Null(NodeFacts.Decode("{}"u8));
        Assert.Null(NodeFacts.Decode("nonsense"u8));
    }

    private RouteValue? Published(string endpoint) =>
        _a.Gossip.Self.TryGet(endpoint, out var value) && RouteValue.TryDecode(value, out var route) ? route : null;
}
