using Microsoft.Extensions.Time.Testing;
using Pico.Server.Admin.Api;
using Pico.Server.Admin.Status;
using Pico.Server.Hosting;
using Pico.Server.Proxy;
using Pico.Server.Upstreams;
using Pico.Tests.Server.Upstreams;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Admin;

public sealed class EndpointListTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly RouteTable _routes = new();
    private readonly EndpointList _list;

    public EndpointListTests()
    {
        var node = new NodeIdentity(new ServerOptions { NodeId = "node-1" });
        _list = new EndpointList(_routes, new EndpointReporter(node, _routes, _time), node);
    }

    [Fact]
    public void List_HundredThousandEndpoints_GivesEachPageFasterThanTheyAreSorted()
    {
        const int Count = 100_000;
        const int Pages = 20;
        for (var i = 0; i < Count; i++)
            _routes.Add(new TestUpstream($"endpoint-{i:d6}"));

        // The fastest, against what the same machine needs to sort so many identifiers: other tests run at the same time.
        var (ids, next, fastest, fastestSort) = (new List<string>(), "", TimeSpan.MaxValue, TimeSpan.MaxValue);
        string[] unsorted = [.. Enumerable.Range(0, Count).Select(i => $"endpoint-{i:d6}")];
        new Random(1).Shuffle(unsorted);
        for (var i = 0; i < Pages; i++)
        {
            (var page, fastest) = Fastest(fastest, () => List($"limit=1000{next}"));
            (_, fastestSort) = Fastest(fastestSort, () => unsorted.Order(StringComparer.Ordinal).ToArray());
            Assert.Equal(Count, page.Total);
            ids.AddRange(page.Items.Select(e => e.Id));
            next = $"&continue={page.Continue}";
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{fastest.TotalMilliseconds:0.0} ms a page, {fastestSort.TotalMilliseconds:0.0} ms a sort");
        Assert.Equal(Enumerable.Range(0, Pages * 1000).Select(i => $"endpoint-{i:d6}"), ids);
        Assert.InRange(fastest, TimeSpan.Zero, fastestSort);
    }

    [Fact]
    public void List_Filters_GivesWhatFitsAll()
    {
        _routes.Add(new TestUpstream("orders-http"));
        _routes.Add(new TestUpstream("orders-db", protocol: EndpointProtocol.Tcp));
        _routes.Add(new TestUpstream("users-db", protocol: EndpointProtocol.Tcp));

        Assert.Equal(["orders-db", "orders-http"], Ids("search=ORDERS"));
        Assert.Equal(["orders-db", "users-db"], Ids("protocol=tcp"));
        Assert.Equal(["orders-db"], Ids("protocol=tcp&search=orders&holder=node-1&state=healthy"));
        Assert.Empty(Ids("holder=node-2"));
    }

    [Fact]
    public void List_SortedByErrors_NamesTheWorstFirst()
    {
        foreach (var id in new[] { "a", "b", "c" })
            _routes.Add(new TestUpstream(id));
        Count("a", 5, 200);
        Count("b", 5, 502);
        Count("c", 1, 502);

        Assert.Equal(["b", "c", "a"], Ids("sort=errors"));
        Assert.Equal(["a", "b", "c"], Ids("sort=rate"));
        Assert.Equal(["b", "c"], Ids("state=unhealthy"));
        var page = List("sort=errors&limit=1");
        Assert.Equal(["c", "a"], List($"sort=errors&continue={page.Continue}").Items.Select(e => e.Id));
    }

    [Fact]
    public void State_OfAnEndpoint_FollowsItsUpstreamsAndItsRequests()
    {
        var (first, second) = (new TestUpstream("a", _time), new TestUpstream("a", _time));
        _routes.Add(first);
        _routes.Add(second);
        Assert.Equal(EndpointState.Healthy, State());

        first.OpenFailed(StreamError.ServiceUnreachable);
        Assert.Equal(EndpointState.Degraded, State());
        second.Open = false;
        Assert.Equal(EndpointState.Unavailable, State());

        first.OpenSucceeded();
        second.Open = true;
        Count("a", 4, 502);
        Assert.Equal(EndpointState.Failing, State());
        _time.Advance(TimeSpan.FromSeconds(2));
        Count("a", 4, 200);
        Assert.Equal(EndpointState.Degraded, State());
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(EndpointState.Healthy, State());
    }

    [Fact]
    public void State_OfAnEndpointThatFailsForLong_StaysFailingWhileItIsAskedFor()
    {
        _routes.Add(new TestUpstream("a", _time));
        Count("a", 1, 500);
        Assert.Equal(EndpointState.Degraded, State());
        Count("a", 1, 500);

        for (var minute = 0; minute < 10; minute++)
        {
            Count("a", 1, 500);
            _time.Advance(TimeSpan.FromSeconds(50));
            Assert.Equal(EndpointState.Failing, State());
        }

        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(EndpointState.Healthy, State());
    }

    [Theory]
    [InlineData("limit=0", "from 1 to 1000")]
    [InlineData("limit=1001", "from 1 to 1000")]
    [InlineData("limit=x", "from 1 to 1000")]
    [InlineData("protocol=udp", "http, h2c, tcp")]
    [InlineData("sort=size", "id, state, rate")]
    [InlineData("colour=red", "search, protocol")]
    [InlineData("search=a&search=b", "twice")]
    [InlineData("continue=!!", "a former page")]
    [InlineData("sort=rate&continue=MXxpZHwwfGE", "sorted otherwise")]
    public void List_BadQuery_SaysWhatWouldBeRight(string query, string right)
    {
        var refusal = Assert.Throws<QueryException>(() => List(query));

        Assert.Contains(right, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void List_AnEndpointOfManyUpstreams_NamesSomeAndCountsAll()
    {
        for (var i = 0; i < 50; i++)
            _routes.Add(new TestUpstream("wide"));

        var endpoint = Assert.Single(List("").Items);

        Assert.Equal((EndpointReporter.UpstreamsInList, 50), (endpoint.Upstreams.Count, endpoint.UpstreamCount));
    }

    private EndpointState State() => Assert.Single(List("").Items).State;

    private void Count(string id, int requests, int status)
    {
        Assert.True(_routes.TryGet(id, out var endpoint));
        for (var i = 0; i < requests; i++)
            endpoint.Traffic.Count(_time.GetTimestamp(), _time.TimestampFrequency, 1000, status, ProxyError.None);
    }

    private IEnumerable<string> Ids(string query) => List(query).Items.Select(e => e.Id);

    private static (T Result, TimeSpan Fastest) Fastest<T>(TimeSpan fastest, Func<T> work)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        var result = work();
        var took = TimeProvider.System.GetElapsedTime(startedAt);
        return (result, took < fastest ? took : fastest);
    }

    private StatusPage<EndpointStatus> List(string query) => _list.List(AdminQuery.Parse(query, EndpointList.Parameters));
}
