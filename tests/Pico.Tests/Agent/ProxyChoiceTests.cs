using Pico.Agent.Dialing;
using Pico.Tunnel;

namespace Pico.Tests.Agent;

/// <summary>Which proxy leads to a server, by option and environment.</summary>
public sealed class ProxyChoiceTests
{
    [Theory]
    [InlineData("", "wss://pico.test", "HTTPS_PROXY=http://a:1 HTTP_PROXY=http://b:2", "http://a:1")]
    [InlineData("", "ws://pico.test", "HTTPS_PROXY=http://a:1 HTTP_PROXY=http://b:2", "http://b:2")]
    [InlineData("", "wss://pico.test", "https_proxy=a:1", "http://a:1")]
    [InlineData("", "wss://pico.test", "HTTP_PROXY=http://b:2", null)]
    [InlineData("", "wss://pico.test", "ALL_PROXY=https://c", "https://c")]
    [InlineData("", "wss://pico.test", "HTTPS_PROXY=http://a:1 NO_PROXY=pico.test", null)]
    [InlineData("", "wss://pico.test", "HTTPS_PROXY=http://a:1 no_proxy=x,.test", null)]
    [InlineData("", "wss://localhost:8001", "HTTPS_PROXY=http://a:1", null)]
    [InlineData("", "wss://127.0.0.1:8001", "HTTPS_PROXY=http://a:1", null)]
    [InlineData("", "wss://pico.test", "", null)]
    [InlineData("none", "wss://pico.test", "HTTPS_PROXY=http://a:1", null)]
    [InlineData("http://d:4", "wss://pico.test", "HTTPS_PROXY=http://a:1 NO_PROXY=*", "http://d:4")]
    [InlineData("http://d:4", "ws://localhost:8001", "", "http://d:4")]
    public void Proxy_OfOptionAndEnvironment_IsFound(string option, string server, string environment, string? expected)
    {
        var variables = environment.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(v => v.Split('=', 2)).ToDictionary(v => v[0], v => v[1]);

        var proxy = new ProxyChoice(option, variables.GetValueOrDefault).For(new Uri(server));

        Assert.Equal(expected, proxy?.ToString());
    }

    [Theory]
    [InlineData("pico.test", "pico.test", true)]
    [InlineData("pico.test", "a.PICO.test", true)]
    [InlineData("pico.test", "notpico.test", false)]
    [InlineData(".pico.test", "pico.test", false)]
    [InlineData("*.pico.test", "a.pico.test", true)]
    [InlineData("other, pico.test:443", "pico.test", true)]
    [InlineData("pico.test:8001", "pico.test", false)]
    [InlineData("10.0.0.0/8", "10.1.2.3", true)]
    [InlineData("10.0.0.0/8", "11.1.2.3", false)]
    [InlineData("10.1.2.3", "10.1.2.3", true)]
    [InlineData("10.1.2.3:443", "10.1.2.3", true)]
    [InlineData("1.2.3", "10.1.2.3", false)]
    [InlineData("fd00::/8", "fd00::1", true)]
    [InlineData("[fd00::1]:443", "fd00::1", true)]
    [InlineData("fd00::1", "fd00::1", true)]
    [InlineData("*", "pico.test", true)]
    [InlineData("", "pico.test", false)]
    public void NoProxyList_NamesAndNetworks_AreWhatTheyMean(string list, string host, bool expected) =>
        Assert.Equal(expected, NoProxyList.Contains(list, host, 443));

    [Theory]
    [InlineData("socks5://user:geheim@host:1")]
    [InlineData("http://user:geheim@host:1/path")]
    [InlineData("http://user:ge/heim@host:1")]
    [InlineData("http://")]
    public void Proxy_ThatIsNone_IsSaidWithoutThePassword(string url)
    {
        var failure = Assert.Throws<TunnelException>(() => new ProxyChoice("", v => v == "HTTPS_PROXY" ? url : null).For(new Uri("wss://pico.test")));

        Assert.StartsWith("HTTPS_PROXY: ", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("heim", failure.Message, StringComparison.Ordinal);
    }
}
