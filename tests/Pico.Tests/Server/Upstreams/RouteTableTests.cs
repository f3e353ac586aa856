using Pico.Server.Upstreams;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Upstreams;

public sealed class RouteTableTests
{
    private readonly RouteTable _routes = new();

    [Theory]
    [InlineData("orders")]
    [InlineData("ORDERS")]
    [InlineData("oRders")]
    public void TryGet_AnyCase_FindsTheEndpoint(string name)
    {
        _routes.Add(new TestUpstream("orders"));

        Assert.True(_routes.TryGet(name, out var byText));
        Assert.True(_routes.TryGet(System.Text.Encoding.ASCII.GetBytes(name), out var byBytes));
        Assert.Same(byText, byBytes);
        Assert.Equal("orders", byText.EndpointId);
    }

    [Fact]
    public void TryGet_BytesThatAreNoName_FindsNothing()
    {
        _routes.Add(new TestUpstream("orders"));

        Assert.False(_routes.TryGet("ordérs"u8, out _));
        Assert.False(_routes.TryGet(new byte[1000], out _));
        Assert.False(_routes.TryGet(""u8, out _));
    }

    [Fact]
    public void TryGet_Found_AllocatesNothing()
    {
        _routes.Add(new TestUpstream("orders"));
        _routes.TryGet("Orders", out _);
        _routes.TryGet("Orders"u8, out _);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            _routes.TryGet("Orders", out _);
            _routes.TryGet("Orders"u8, out _);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Add_AnotherProtocol_IsRefusedInWords()
    {
        Assert.Null(_routes.Add(new TestUpstream("db", protocol: EndpointProtocol.Tcp)));

        var refusal = _routes.Add(new TestUpstream("db", protocol: EndpointProtocol.H2C));

        Assert.Contains("tcp", refusal, StringComparison.Ordinal);
        Assert.Contains("h2c", refusal, StringComparison.Ordinal);
        Assert.True(_routes.TryGet("db", out var endpoint));
        Assert.Equal(1, endpoint.Upstreams.Length);
    }

    [Fact]
    public void Remove_LastUpstream_ForgetsTheEndpointAndItsProtocol()
    {
        var upstream = new TestUpstream("db", protocol: EndpointProtocol.Tcp);
        _routes.Add(upstream);

        _routes.Remove(upstream);
        _routes.Remove(upstream);

        Assert.False(_routes.TryGet("db", out _));
        Assert.Equal(0, _routes.Count);
        Assert.Null(_routes.Add(new TestUpstream("db", protocol: EndpointProtocol.H2C)));
    }

    [Fact]
    public void Changes_FromManyThreads_LoseNothing()
    {
        Parallel.For(0, 2000, i =>
        {
            var gone = new TestUpstream($"e{i % 10}");
            _routes.Add(new TestUpstream($"e{i % 10}"));
            _routes.Add(gone);
            _routes.TryGet($"e{i % 7}", out _);
            _routes.Remove(gone);
        });

        Assert.Equal(10, _routes.Count);
        Assert.All(_routes.Endpoints, e => Assert.Equal(200, e.Upstreams.Length));
    }

    [Fact]
    public void Counts_WhileUpstreamsComeAndGo_AreWhatIsThereAndEachChangeIsTold()
    {
        var told = new List<string>();
        _routes.Appeared += e => told.Add($"+{e.EndpointId}");
        _routes.Disappeared += e => told.Add($"-{e.EndpointId}");
        var (here, far) = (new TestUpstream("a"), new TestUpstream("a") { Distance = Proximity.Elsewhere });

        _routes.AddRemote(far);
        Assert.Equal((1, 0), (_routes.Count, _routes.CountHere));
        _routes.Add(here);
        _routes.Add(new TestUpstream("b"));
        Assert.Equal((2, 2), (_routes.Count, _routes.CountHere));
        _routes.Remove(here);
        _routes.Remove(here);
        Assert.Equal((2, 1), (_routes.Count, _routes.CountHere));
        _routes.Remove(far);

        Assert.Equal((1, 1), (_routes.Count, _routes.CountHere));
        Assert.Equal(["+a", "+b", "-a"], told);
    }
}
