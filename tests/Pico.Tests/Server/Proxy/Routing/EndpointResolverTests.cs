using System.Text;
using Microsoft.Extensions.Primitives;
using Pico.Server.Proxy;
using Pico.Server.Proxy.Routing;

namespace Pico.Tests.Server.Proxy.Routing;

/// <summary>Both forms, bytes and strings, follow the same rules; each case is asked of both.</summary>
public sealed class EndpointResolverTests
{
    [Theory]
    [InlineData("orders", "orders")]
    [InlineData("Orders-2", "Orders-2")]
    [InlineData("0", "0")]
    public void Header_NamesTheEndpoint(string value, string expected) =>
        AssertResolves("", [value], "other.example.com", expected);

    [Theory]
    [InlineData("")]
    [InlineData("-a")]
    [InlineData("a-")]
    [InlineData("a.b")]
    [InlineData("a b")]
    [InlineData("a, a")]
    [InlineData("ä")]
    [InlineData("a123456789012345678901234567890123456789012345678901234567890123")]
    public void Header_Malformed_IsInvalid(string value) =>
        AssertFails("", [value], "orders.example.com", ProxyError.InvalidEndpoint);

    [Fact]
    public void Header_RepeatedWithTheSameValue_NamesTheEndpoint() => AssertResolves("", ["orders", "ORDERS"], "", "ORDERS");

    [Fact]
    public void Header_RepeatedWithAnotherValue_IsInvalid() => AssertFails("", ["orders", "billing"], "", ProxyError.InvalidEndpoint);

    [Theory]
    [InlineData("orders.example.com", "orders")]
    [InlineData("Orders.example.com:8000", "Orders")]
    [InlineData("orders.example.com.", "orders")]
    [InlineData("orders.localhost.:80", "orders")]
    public void Host_FirstLabelNamesTheEndpoint(string host, string expected) => AssertResolves("", [], host, expected);

    [Theory]
    [InlineData("")]
    [InlineData("localhost")]
    [InlineData("localhost:8000")]
    [InlineData("localhost.")]
    [InlineData("10.0.0.1")]
    [InlineData("10.0.0.1:8000")]
    [InlineData("[::1]")]
    [InlineData("[::ffff:10.0.0.1]:8000")]
    [InlineData(":8000")]
    public void Host_AddressOrWithoutDot_IsMissing(string host) => AssertFails("", [], host, ProxyError.MissingEndpoint);

    [Theory]
    [InlineData(".example.com")]
    [InlineData("-x.example.com")]
    [InlineData("a_b.example.com")]
    public void Host_MalformedLabel_IsInvalid(string host) => AssertFails("", [], host, ProxyError.InvalidEndpoint);

    [Theory]
    [InlineData("orders.pico.example.com")]
    [InlineData("orders.PICO.example.com.:443")]
    public void BaseDomain_OneLabelBeforeIt_NamesTheEndpoint(string host) => AssertResolves("pico.example.com", [], host, "orders");

    [Theory]
    [InlineData("orders.example.com")]
    [InlineData("a.orders.pico.example.com")]
    [InlineData("pico.example.com")]
    [InlineData("orderspico.example.com")]
    [InlineData("orders.pico.example.com.evil.org")]
    public void BaseDomain_AnythingElse_IsMissing(string host) =>
        AssertFails("pico.example.com", [], host, ProxyError.MissingEndpoint);

    private static void AssertResolves(string baseDomain, string[] headers, string host, string expected)
    {
        Assert.Equal((ProxyError.None, expected), Bytes(baseDomain, headers, host));
        Assert.Equal((ProxyError.None, expected), Strings(baseDomain, headers, host));
    }

    private static void AssertFails(string baseDomain, string[] headers, string host, ProxyError expected)
    {
        Assert.Equal(expected, Bytes(baseDomain, headers, host).Error);
        Assert.Equal(expected, Strings(baseDomain, headers, host).Error);
    }

    private static (ProxyError Error, string Name) Bytes(string baseDomain, string[] headers, string host)
    {
        var resolver = new EndpointResolver(baseDomain);
        EndpointName name = default;
        foreach (var header in headers)
        {
            if (EndpointResolver.TakeHeader(Encoding.Latin1.GetBytes(header), ref name) is var error and not ProxyError.None)
                return (error, "");
        }

        var result = name.IsEmpty ? resolver.TakeHost(Encoding.Latin1.GetBytes(host), ref name) : ProxyError.None;
        return (result, name.Span.ToString());
    }

    private static (ProxyError Error, string Name) Strings(string baseDomain, string[] headers, string host)
    {
        EndpointName name = default;
        var error = new EndpointResolver(baseDomain).Resolve(new StringValues(headers), host, ref name);
        return (error, name.Span.ToString());
    }
}
