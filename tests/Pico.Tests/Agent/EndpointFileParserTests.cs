using Pico.Agent.Endpoints;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Agent;

public sealed class EndpointFileParserTests
{
    [Fact]
    public void File_WithEverything_IsRead()
    {
        var (specs, errors) = Parse(
            """
            # what is served here
            endpoints:
            - id: orders
              address: localhost:4000
              health: /ready
              health-interval: 5s
            - id: db
              protocol: TCP
              address: 5432
            - id: secure
              address: https://host:8443
              ca: /etc/ca.pem
              insecure: false
            """);

        Assert.Empty(errors);
        Assert.Equal(
            [
                new EndpointSpec { Id = "orders", Host = "localhost", Port = 4000, Health = new HealthCheckSettings { Path = "/ready", Interval = TimeSpan.FromSeconds(5) } },
                new EndpointSpec { Id = "db", Protocol = EndpointProtocol.Tcp, Host = "localhost", Port = 5432 },
                new EndpointSpec { Id = "secure", Host = "host", Port = 8443, Tls = new TlsSettings { CaFile = "/etc/ca.pem" } },
            ],
            specs);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("---\n")]
    [InlineData("endpoints:\n")]
    [InlineData("endpoints: []\n")]
    public void EmptyFile_HasNoEndpoints(string yaml)
    {
        var (specs, errors) = Parse(yaml);

        Assert.Empty(errors);
        Assert.Empty(specs);
    }

    [Theory]
    [InlineData("endpoint: []", 1, "\"endpoint\" is unknown here")]
    [InlineData("- a/4000", 1, "give a mapping")]
    [InlineData("endpoints: {a: b}", 1, "must be a list")]
    [InlineData("endpoints:\n- a/4000", 2, "must be a mapping")]
    [InlineData("endpoints:\n- id: a\n  address: 4000\n  colour: red", 4, "\"colour\" is unknown here")]
    [InlineData("endpoints:\n- id: a\n  address: 4000\n  tls: {ca: x}", 4, "tls must be a single value")]
    [InlineData("endpoints:\n- id: a\n  id: b\n  address: 4000", 3, "id is given twice")]
    [InlineData("endpoints:\n- address: 4000", 2, "has no id")]
    [InlineData("endpoints:\n- id: a", 2, "has no address")]
    [InlineData("endpoints:\n- id: a\n  address: localhost:99999", 3, "no valid port")]
    [InlineData("endpoints:\n- id: a\n  address: 1\n  protocol: udp", 4, "is no protocol")]
    [InlineData("endpoints:\n- id: a\n  address: http://h:1\n  protocol: tcp", 4, "begins with http://")]
    [InlineData("endpoints: []\nendpoints: []", 2, "given twice")]
    [InlineData("endpoints: []\n---\nendpoints: []", 2, "second document")]
    [InlineData("endpoints: [\n", 2, "no YAML")]
    public void BrokenFile_IsRefusedWithTheLine(string yaml, int line, string expected)
    {
        var (_, errors) = Parse(yaml);

        var error = Assert.Single(errors);
        Assert.StartsWith($"agent.yaml:{line}: ", error, StringComparison.Ordinal);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_AreReportedAllAtOnce()
    {
        var (_, errors) = Parse("endpoints:\n- id: -a\n  address: x\n- id: b\n  address: 1\n- id: b\n  address: 2\nmore: 1\n");

        Assert.Equal(4, errors.Count);
    }

    private static (IReadOnlyList<EndpointSpec> Specs, List<string> Errors) Parse(string yaml)
    {
        var errors = new List<string>();
        return (EndpointFileParser.Parse(new StringReader(yaml), "agent.yaml", errors), errors);
    }
}
