using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Pico.IntegrationTests.Fixtures;
using Pico.IntegrationTests.Peers;

namespace Pico.IntegrationTests.Operation;

/// <summary>Traces, at a receiver of OTLP.</summary>
public sealed class TraceTests
{
    private const int Server = 2;
    private const int Client = 3;
    private const int Error = 2;

    [Fact(Timeout = 120_000)]
    public async Task Request_ThroughTwoNodes_IsOneTraceWithTheRightParents()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var service = await WebService.StartAsync(Echo);
        await using var rpc = await WebService.StartAsync(Echo, HttpProtocols.Http2);
        var (one, two) = (Ports.Free(), Ports.Free());
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        await using var first = Launch("first", one, ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.GrpcEndpoint), ("OTEL_SERVICE_NAME", "edge"));
        await using var second = Launch(
            "second", two, ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", receiver.HttpEndpoint + "/v1/traces"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"));
        await first.WaitUntilReadyAsync();
        await second.WaitUntilReadyAsync();
        await using var agent = await AgentProcess.StartAsync(second.Upstream, $"web/http://127.0.0.1:{service.Port},rpc/h2c://127.0.0.1:{rpc.Port}", "--name", "edge-agent");

        await CheckAsync("web", "--http1.1");
        await CheckAsync("rpc", "--http2-prior-knowledge");

        var failed = await SendAsync("nobody", "--http1.1");
        var error = Assert.Single(await receiver.TraceAsync(failed.TraceId, 1));
        Assert.Equal((Error, "no_available_upstreams", "502"), (error.Span.Status.Code, error["error.type"], error["http.response.status_code"]));

        ServerProcess Launch(string id, int gossip, params (string Name, string Value)[] variables)
        {
            var environment = new Dictionary<string, string> { ["OTEL_BSP_SCHEDULE_DELAY"] = "50" };
            foreach (var (name, value) in variables)
                environment[name] = value;
            return ServerProcess.Launch(
                ServerAddresses.Free([]), new Surroundings { Environment = environment },
                "--node-id", id, "--cluster.bind-addr", $"127.0.0.1:{gossip}", "--cluster.join", $"127.0.0.1:{one},127.0.0.1:{two}", "--cluster.key", key);
        }

        // A trace of its own each time: the first that is answered is the one that the stream was opened for.
        async Task CheckAsync(string endpoint, string protocol)
        {
            var (traceId, parentId, got) = await SendAsync(endpoint, protocol);
            await Deadline.UntilAsync("the first node knows the route", TimeSpan.FromSeconds(30), async _ =>
            {
                if (got.Status != 200)
                    (traceId, parentId, got) = await SendAsync(endpoint, protocol);
                return got.Status == 200;
            });

            var spans = await receiver.TraceAsync(traceId, 3);
            var (server, client, relay) = (spans.Single(s => s.Span.Kind == Server && s.Node == "first"), spans.Single(s => s.Span.Kind == Client), spans.Single(s => s.Node == "second"));
            Assert.Equal(3, spans.Length);
            Assert.Equal(("edge", "edge", "pico-server"), (server.Service, client.Service, relay.Service));
            Assert.Equal((parentId, server.Id, client.Id), (server.ParentId, client.ParentId, relay.ParentId));
            Assert.Equal(($"00-{traceId}-{client.Id}-01 a=b"), got.Text);
            Assert.Equal(("GET", "GET", "relay " + endpoint), (server.Span.Name, client.Span.Name, relay.Span.Name));
            Assert.Equal(("first", endpoint, "200", "/a"), (server["pico.node"], server["pico.endpoint"], server["http.response.status_code"], server["url.path"]));
            Assert.Equal(("second", "200"), (client["pico.upstream.node"], client["http.response.status_code"]));
            Assert.Equal(("second", endpoint, "edge-agent"), (relay["pico.node"], relay["pico.endpoint"], relay["pico.upstream.name"]));
            Assert.Equal("a=b", server.Span.TraceState);
        }

        async Task<(string TraceId, string ParentId, CurlResponse Got)> SendAsync(string endpoint, string protocol)
        {
            var (traceId, parentId) = (Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)));
            return (traceId, parentId, await Curl.RunAsync(
                [protocol, "-H", $"x-pico-endpoint: {endpoint}", "-H", $"traceparent: 00-{traceId}-{parentId}-01", "-H", "tracestate: a=b", $"{first.Proxy}a?secret=1"]));
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Receiver_ThatIsAway_HarmsNoRequest()
    {
        await using var service = await WebService.StartAsync(Echo);
        var server = ServerProcess.Launch(
            ServerAddresses.Free([]), new Surroundings { Environment = new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{Ports.Free()}" } });
        await using (server)
        {
            await server.WaitUntilReadyAsync();
            await using var agent = await AgentProcess.StartAsync(server.Upstream, $"web/http://127.0.0.1:{service.Port}");
            for (var i = 0; i < 20; i++)
            {
                var got = (await Curl.RunAsync(["-H", "x-pico-endpoint: web", $"{server.Proxy}"])).Succeeded();
                Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-01 $", got.Text);
            }

            server.Process.Signal(15);
            Assert.Equal(0, await server.Process.WaitForExitAsync(TimeSpan.FromSeconds(20)));
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Variable_ThatCannotBe_IsToldAtStart()
    {
        await using var server = ServerProcess.Launch(
            ServerAddresses.Free([]), new Surroundings { Environment = new Dictionary<string, string> { ["OTEL_TRACES_EXPORTER"] = "zipkin" } });
        Assert.NotEqual(0, await server.Process.WaitForExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains("OTEL_TRACES_EXPORTER", server.Process.Log, StringComparison.Ordinal);
    }

    private static void Echo(WebApplication app) => app.Map(
        "{**path}", (HttpContext context) => context.Response.WriteAsync($"{context.Request.Headers["traceparent"]} {context.Request.Headers["tracestate"]}"));
}
