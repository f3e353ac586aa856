using Pico.Agent.Endpoints;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Agent;

public sealed class EndpointSpecParserTests
{
    [Theory]
    [InlineData("my-endpoint/4000", "my-endpoint", EndpointProtocol.Http, "localhost", 4000)]
    [InlineData("my-endpoint/localhost:4000", "my-endpoint", EndpointProtocol.Http, "localhost", 4000)]
    [InlineData("Orders/http://localhost:4000/", "orders", EndpointProtocol.Http, "localhost", 4000)]
    [InlineData("orders/http://svc.example", "orders", EndpointProtocol.Http, "svc.example", 80)]
    [InlineData("db/tcp://10.0.0.1:5432", "db", EndpointProtocol.Tcp, "10.0.0.1", 5432)]
    [InlineData("rpc/h2c://localhost:5000", "rpc", EndpointProtocol.H2C, "localhost", 5000)]
    [InlineData("six/http://[::1]:8080", "six", EndpointProtocol.Http, "::1", 8080)]
    public void Endpoint_InEveryForm_IsRead(string text, string id, EndpointProtocol protocol, string host, int port)
    {
        var spec = ParseOne(text);

        Assert.Equal(new EndpointSpec { Id = id, Protocol = protocol, Host = host, Port = port }, spec);
    }

    [Fact]
    public void Https_TakesItsTlsSettings()
    {
        var spec = ParseOne("secure/https://host?ca=/etc/my%2Cca.pem&server-name=inner.example&insecure=true");

        Assert.Equal((443, EndpointProtocol.Http), (spec.Port, spec.Protocol));
        Assert.Equal(new TlsSettings { CaFile = "/etc/my,ca.pem", ServerName = "inner.example", Insecure = true }, spec.Tls);
    }

    [Fact]
    public void HealthCheck_TakesItsSettings()
    {
        var spec = ParseOne("a/4000?health=/ready&health-interval=500ms&health-timeout=1s&healthy-threshold=2&unhealthy-threshold=5");

        Assert.Equal(
            new HealthCheckSettings { Path = "/ready", Interval = TimeSpan.FromMilliseconds(500), Timeout = TimeSpan.FromSeconds(1), HealthyThreshold = 2, UnhealthyThreshold = 5 },
            spec.Health);
    }

    [Theory]
    [InlineData("a/4000")]
    [InlineData("a/https://host:8443?ca=/x%26y.pem&server-name=n.example&insecure=true")]
    [InlineData("a/tcp://[::1]:5432?health=tcp&health-interval=500ms")]
    [InlineData("a/4000?health=/x%2C%3Fy&health-timeout=1m&healthy-threshold=2&unhealthy-threshold=9")]
    public void Endpoint_WrittenAndReadAgain_IsTheSame(string text)
    {
        var spec = ParseOne(text);

        Assert.Equal(spec, ParseOne(spec.ToString()));
    }

    [Fact]
    public void Endpoints_AreSeparatedByCommasOrRepeated()
    {
        var errors = new List<string>();

        var specs = EndpointSpecParser.Parse(["a/1, b/2", "c/3"], errors);

        Assert.Empty(errors);
        Assert.Equal(["a", "b", "c"], specs.Select(s => s.Id));
    }

    [Theory]
    [InlineData("4000", "give ID/ADDRESS")]
    [InlineData("-a/4000", "is no endpoint ID")]
    [InlineData("a/localhost", "has no port")]
    [InlineData("a/localhost:0", "no valid port")]
    [InlineData("a/65536", "no valid port")]
    [InlineData("a/ftp://host:21", "is no protocol")]
    [InlineData("a/tcp://host", "has no port")]
    [InlineData("a/http://host:80/path", "has a path")]
    [InlineData("a/http://me@host:80", "has a user name")]
    [InlineData("a/http://ho st:80", "is no host")]
    [InlineData("a/4000?colour=red", "is no setting")]
    [InlineData("a/4000?ca=/x.pem", "for https services only")]
    [InlineData("a/https://h?insecure=perhaps", "give true or false")]
    [InlineData("a/4000?health=ready", "begins with /")]
    [InlineData("a/4000?health-interval=1s", "without health")]
    [InlineData("a/4000?health=tcp&health-interval=1", "give a duration")]
    [InlineData("a/tcp://h:1?health=/x", "give tcp")]
    [InlineData("a/4000?health=tcp&healthy-threshold=0", "from 1 to 100")]
    public void WrongEndpoint_IsRefusedWithWhatWouldBeRight(string text, string expected)
    {
        var errors = new List<string>();

        Assert.Empty(EndpointSpecParser.Parse([text], errors));

        var error = Assert.Single(errors);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.StartsWith($"\"{text}\"", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_AreReportedAllAtOnce()
    {
        var errors = new List<string>();

        EndpointSpecParser.Parse(["-/x,ok/1", "ok/2,a/ftp://h:1"], errors);

        Assert.Equal(4, errors.Count);
        Assert.Contains(errors, e => e.Contains("\"ok\" is given twice", StringComparison.Ordinal));
    }

    private static EndpointSpec ParseOne(string text)
    {
        var errors = new List<string>();
        var specs = EndpointSpecParser.Parse([text], errors);
        Assert.Empty(errors);
        return Assert.Single(specs);
    }
}
