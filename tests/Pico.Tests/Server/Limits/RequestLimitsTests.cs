using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Pico.Server.Limits;
using Pico.Server.Proxy;
using Pico.Server.Proxy.Forwarded;
using Pico.Server.Upstreams;
using Pico.Tests.Server.Upstreams;

namespace Pico.Tests.Server.Limits;

public sealed class RequestLimitsTests : IAsyncDisposable
{
    private static readonly IPAddress Someone = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress Other = IPAddress.Parse("192.0.2.2");

    private readonly FakeTimeProvider _time = new();
    private readonly LoadTable<ClientKey> _clients;
    private readonly LimitMetrics _metrics;
    private readonly EndpointUpstreams _orders = new(new TestUpstream("orders"));
    private readonly EndpointUpstreams _stock = new(new TestUpstream("stock"));

    public RequestLimitsTests()
    {
        _clients = new LoadTable<ClientKey>(_time);
        _metrics = new LimitMetrics(TestMetrics.Meters(), _time, NullLogger<LimitMetrics>.Instance);
    }

    [Fact]
    public void Endpoint_WithAllItsRequestsInFlight_IsOverloadedAndOthersAreNot()
    {
        var limits = Create(new() { RequestsPerEndpoint = 3 });
        for (var i = 0; i < 3; i++)
            Assert.Equal(ProxyError.None, limits.TryEnter(_orders, null, null, out _));

        Assert.Equal(ProxyError.Overloaded, limits.TryEnter(_orders, null, null, out _));
        Assert.Equal(ProxyError.None, limits.TryEnter(_stock, null, null, out _));
        Assert.Equal(1, _metrics.Hits(Limit.RequestsPerEndpoint));
    }

    [Fact]
    public void Request_ThatExits_MakesRoom_AndExitsOnce()
    {
        var limits = Create(new() { RequestsPerEndpoint = 1 });
        limits.TryEnter(_orders, null, null, out var permit);

        permit.Exit();
        permit.Exit();

        Assert.Equal(0, _orders.Load.InFlight);
        Assert.Equal(ProxyError.None, limits.TryEnter(_orders, null, null, out _));
        Assert.Equal(ProxyError.Overloaded, limits.TryEnter(_orders, null, null, out _));
    }

    [Fact]
    public void Endpoint_OverItsRate_IsRateLimited_AndNothingStaysCountedIn()
    {
        var limits = Create(new() { RatePerEndpoint = 2 });
        Enter(limits, _orders, null, null, 2);

        Assert.Equal(ProxyError.RateLimited, limits.TryEnter(_orders, null, null, out _));
        Assert.Equal(0, _orders.Load.InFlight);
        Assert.Equal(1, _metrics.Hits(Limit.RatePerEndpoint));

        _time.Advance(TimeSpan.FromSeconds(1));
        Enter(limits, _orders, null, null, 2);
    }

    [Fact]
    public void Client_OverItsRate_TakesNothingOfTheEndpointsRate()
    {
        var limits = Create(new() { RatePerEndpoint = 10, RatePerClient = 2 });
        var (flooding, other) = (Connect(Someone), Connect(Other));

        Enter(limits, _orders, flooding, null, 2);
        for (var i = 0; i < 100; i++)
            Assert.Equal(ProxyError.RateLimited, limits.TryEnter(_orders, flooding, null, out _));

        Enter(limits, _orders, other, null, 2);
        Assert.Equal(100, _metrics.Hits(Limit.RatePerClient));
        Assert.Equal(0, _metrics.Hits(Limit.RatePerEndpoint));
    }

    [Fact]
    public void Client_WithAllItsRequestsInFlight_IsRateLimitedOnEveryEndpoint_AndOthersAreNot()
    {
        var limits = Create(new() { RequestsPerClient = 2 });
        var client = Connect(Someone);
        limits.TryEnter(_orders, client, null, out var permit);
        limits.TryEnter(_stock, client, null, out _);

        Assert.Equal(ProxyError.RateLimited, limits.TryEnter(_orders, client, null, out _));
        Assert.Equal(ProxyError.None, limits.TryEnter(_orders, Connect(Other), null, out _));

        permit.Exit();
        Assert.Equal(ProxyError.None, limits.TryEnter(_orders, client, null, out _));
    }

    [Fact]
    public void TrustedProxy_IsNotLimited_ButTheClientsThatItNamesAre()
    {
        var limits = Create(new() { RequestsPerClient = 1 });
        var proxy = new ConnectionClient(null, new TrustedNetworks(["10.0.0.0/8"]));
        Assert.NotNull(limits.ProxiesToAsk(proxy));

        Assert.Equal(ProxyError.None, limits.TryEnter(_orders, proxy, Someone, out var permit));
        Assert.Equal(ProxyError.RateLimited, limits.TryEnter(_orders, proxy, Someone, out _));
        Assert.Equal(ProxyError.None, limits.TryEnter(_orders, proxy, Other, out _));
        Assert.Equal(ProxyError.None, limits.TryEnter(_orders, proxy, null, out _));
        Assert.Equal(ProxyError.None, limits.TryEnter(_orders, proxy, null, out _));

        permit.Exit();
        Assert.Equal(ProxyError.None, limits.TryEnter(_orders, proxy, Someone, out _));
    }

    [Fact]
    public void TrustedProxysClients_AreForgotten_WhenTheirRequestsHaveEnded()
    {
        var limits = Create(new() { RatePerClient = 5 });
        var proxy = new ConnectionClient(null, new TrustedNetworks(["10.0.0.0/8"]));
        for (var i = 0; i < 50; i++)
            Enter(limits, _orders, proxy, new IPAddress(0x01020300L + i), 3);
        Assert.Equal(50, _clients.Count);

        _time.Advance(LoadTable<ClientKey>.SweepInterval);

        Assert.Equal(0, _clients.Count);
    }

    [Fact]
    public void WithoutClientLimits_NobodyIsAskedForTheClient()
    {
        var limits = Create(new());

        Assert.Null(limits.ProxiesToAsk(new ConnectionClient(null, new TrustedNetworks(["10.0.0.0/8"]))));
        Enter(limits, _orders, Connect(Someone), null, 1000);
    }

    [Theory]
    [InlineData("192.0.2.1", "", "192.0.2.1")]
    [InlineData("203.0.113.9, 192.0.2.1", "", "192.0.2.1")]
    [InlineData("203.0.113.9, 192.0.2.1, 10.0.0.3, 10.1.1.1", "", "192.0.2.1")]
    [InlineData("10.0.0.3, 10.1.1.1", "", "10.0.0.3")]
    [InlineData("spoofed, 192.0.2.1", "", "192.0.2.1")]
    [InlineData("192.0.2.1, unknown", "", null)]
    [InlineData("192.0.2.1:4711", "", "192.0.2.1")]
    [InlineData("[2001:db8::1]:4711", "", "2001:db8::1")]
    [InlineData("2001:db8::1", "", "2001:db8::1")]
    [InlineData("", "for=192.0.2.1;proto=https", "192.0.2.1")]
    [InlineData("", "for=203.0.113.9, proto=http;For=\"[2001:db8::1]:4711\"", "2001:db8::1")]
    [InlineData("", "for=192.0.2.1, for=10.0.0.1", "192.0.2.1")]
    [InlineData("", "for=_hidden", null)]
    [InlineData("", "proto=https", null)]
    [InlineData("", "", null)]
    [InlineData(",,", "", null)]
    public void Client_BehindTrustedProxies_IsTheLastAddressThatIsNotTheirs(string xForwardedFor, string forwarded, string? expected)
    {
        var found = ForwardedClient.Find(Encoding.Latin1.GetBytes(xForwardedFor), Encoding.Latin1.GetBytes(forwarded), new TrustedNetworks(["10.0.0.0/8"]));

        Assert.Equal(expected, found?.ToString());
    }

    public ValueTask DisposeAsync() => _clients.DisposeAsync();

    private RequestLimits Create(ProxyLimits options) => new(options, _clients, _metrics, _time);

    private ConnectionClient Connect(IPAddress address) => new(_clients.Rent(new ClientKey(address)), null);

    private static void Enter(RequestLimits limits, EndpointUpstreams endpoint, ConnectionClient? client, IPAddress? forwarded, int times)
    {
        for (var i = 0; i < times; i++)
        {
            Assert.Equal(ProxyError.None, limits.TryEnter(endpoint, client, forwarded, out var permit));
            permit.Exit();
        }
    }
}
