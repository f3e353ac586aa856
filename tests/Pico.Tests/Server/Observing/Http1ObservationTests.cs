using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Pico.Tests.Server.Proxy.Http1;

namespace Pico.Tests.Server.Observing;

/// <summary>What the lean path tells of its requests.</summary>
public sealed class Http1ObservationTests
{
    private const string Parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    private const string Unrecorded = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Answer: yes\r\n\r\nabc";

    [Fact]
    public async Task Entry_OfAnAnsweredRequest_SaysAllOfIt()
    {
        using var observed = Observed.Create(o => (o.RequestHeaders, o.ResponseHeaders) = (["cookie", "x-tenant"], ["x-answer"]));
        await using (var harness = await Http1Harness.StartAsync(_ => Ok, observer: observed.Observer))
            await harness.ExchangeAsync(
                $"POST /a/b?c=d HTTP/1.1\r\nHost: orders.test\r\nUser-Agent: ua\r\nX-Request-Id: 42\r\nX-Tenant: blue\r\nCookie: a=b\r\ntraceparent: {Parent}\r\n"
                + "Content-Length: 5\r\nConnection: close\r\n\r\n12345");
        var entry = Assert.Single(observed.Entries());
        Assert.Equal("node-1 orders 192.0.2.7 POST orders.test /a/b c=*** HTTP/1.1", Text(entry, "node", "endpoint", "client", "method", "host", "path", "query", "protocol"));
        Assert.Equal("agent agent-1 ua 42 4bf92f3577b34da6a3ce929d0e0e4736", Text(entry, "upstream", "upstreamId", "userAgent", "requestId", "traceId"));
        Assert.Equal((200, 5, 3), (entry.GetProperty("status").GetInt32(), entry.GetProperty("bytesIn").GetInt32(), entry.GetProperty("bytesOut").GetInt32()));
        Assert.Equal("""{"cookie":"***","x-tenant":"blue"} {"x-answer":"yes"}""", $"{Headers(entry, "requestHeaders")} {entry.GetProperty("responseHeaders")}");
        Assert.InRange(entry.GetProperty("waitMs").GetDouble(), 0, entry.GetProperty("headMs").GetDouble());
        Assert.InRange(entry.GetProperty("headMs").GetDouble(), 0, entry.GetProperty("totalMs").GetDouble());
        Assert.False(entry.TryGetProperty("error", out _));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: nobody.test\r\n\r\n", 502, "no_available_upstreams", "/")]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "missing_endpoint", "/")]
    [InlineData("GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n", 400, "bad_request", null)]
    [InlineData("GET /cut HTTP/1.1\r\nHost: orders.test\r\n\r\n", 502, "upstream_unreachable", "/cut")]
    [InlineData("GET /bad HTTP/1.1\r\nHost: orders.test\r\n\r\n", 502, "upstream_protocol_error", "/bad")]
    public async Task Entry_OfAFailedRequest_HasTheCode(string request, int status, string code, string? path)
    {
        using var observed = Observed.Create();
        await using (var harness = await Http1Harness.StartAsync(
            async stream =>
            {
                if ((await stream.ReadHeadAsync()).Contains("/bad", StringComparison.Ordinal))
                    await stream.WriteAsync("nonsense\r\n\r\n");
                else
                    stream.Reset();
            },
            observer: observed.Observer))
        {
            var client = harness.Connect();
            await client.SendAsync(request);
            await client.ReadHeadAsync();
        }

        var entry = Assert.Single(observed.Entries());
        Assert.Equal(code, entry.GetProperty("error").GetString());
        Assert.Equal(status, entry.GetProperty("status").GetInt32());
        Assert.Equal(path, entry.TryGetProperty("path", out var found) ? found.GetString() : null);
    }

    [Fact]
    public async Task Entry_OfATrustedProxysRequest_NamesTheClient()
    {
        using var observed = Observed.Create();
        await using (var harness = await Http1Harness.StartAsync(_ => Ok, observer: observed.Observer))
        {
            var proxy = harness.Connect(trusted: true);
            await proxy.SendAsync("GET / HTTP/1.1\r\nHost: orders.test\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n");
            await proxy.ReadToEndAsync();
        }

        Assert.Equal("203.0.113.9", Assert.Single(observed.Entries()).GetProperty("client").GetString());
    }

    [Fact]
    public async Task Entry_OfAnUpgrade_ComesAtItsEndWithItsBytes()
    {
        using var observed = Observed.Create();
        await using (var harness = await Http1Harness.StartAsync(
            async stream =>
            {
                await stream.ReadHeadAsync();
                await stream.WriteAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nhello");
                stream.End();
            },
            observer: observed.Observer))
            await harness.ExchangeAsync("GET /up HTTP/1.1\r\nHost: orders.test\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n");
        var entry = Assert.Single(observed.Entries());
        Assert.Equal((101, 5), (entry.GetProperty("status").GetInt32(), entry.GetProperty("bytesOut").GetInt32()));
        Assert.True(entry.GetProperty("upgraded").GetBoolean());
    }

    [Fact]
    public async Task Trace_OfTheClient_GoesOnToTheService()
    {
        var head = "";
        using var observed = Observed.Create(traces: ActivitySamplingResult.AllDataAndRecorded);
        await using (var harness = await Http1Harness.StartAsync(h => (head = h) is null ? "" : Ok, observer: observed.Observer))
            await harness.ExchangeAsync($"GET /a?b=c HTTP/1.1\r\nHost: orders.test\r\nTraceParent: {Parent}\r\ntracestate: x=y\r\nConnection: close\r\n\r\n");

        var (upstream, server) = (observed.Spans[0], observed.Spans[1]);
        Assert.Equal(Parent[3..35], server.TraceId.ToHexString());
        Assert.Equal(Parent[36..52], server.ParentSpanId.ToHexString());
        Assert.Equal("x=y", server.TraceStateString);
        Assert.Equal(server.SpanId, upstream.ParentSpanId);
        Assert.Equal((ActivityKind.Server, ActivityKind.Client), (server.Kind, upstream.Kind));
        Assert.Contains($"\r\ntraceparent: 00-{Parent[3..35]}-{upstream.SpanId}-01\r\n", head, StringComparison.Ordinal);
        Assert.DoesNotContain(Parent, head, StringComparison.Ordinal);
        Assert.Contains("\r\ntracestate: x=y\r\n", head, StringComparison.Ordinal);
        Assert.Equal(
            "GET node-1 GET http /a orders.test 192.0.2.7 1.1 orders 200",
            $"{server.DisplayName} {Tags(server, "pico.node", "http.request.method", "url.scheme", "url.path", "server.address", "client.address", "network.protocol.version", "pico.endpoint", "http.response.status_code")}");
        Assert.Equal("GET orders agent 200", Tags(upstream, "http.request.method", "pico.endpoint", "pico.upstream.name", "http.response.status_code"));
        Assert.Equal((ActivityStatusCode.Unset, ActivityStatusCode.Unset), (server.Status, upstream.Status));
        Assert.Equal(server.TraceId.ToHexString(), Assert.Single(observed.Entries()).GetProperty("traceId").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("traceparent: 00-garbage-01\r\ntracestate: x=y\r\n")]
    [InlineData($"traceparent: {Parent}\r\ntraceparent: {Parent}\r\ntracestate: x=y\r\n")]
    public async Task Trace_WithoutOneThatCanBeBelieved_BeginsHere(string fields)
    {
        var head = "";
        using var observed = Observed.Create(traces: ActivitySamplingResult.AllDataAndRecorded);
        await using (var harness = await Http1Harness.StartAsync(h => (head = h) is null ? "" : Ok, observer: observed.Observer))
            await harness.ExchangeAsync($"GET / HTTP/1.1\r\nHost: orders.test\r\n{fields}Connection: close\r\n\r\n");
        Assert.Equal(default, observed.Spans[1].ParentSpanId);
        Assert.Contains($"\r\ntraceparent: 00-{observed.Spans[1].TraceId}-{observed.Spans[0].SpanId}-01\r\n", head, StringComparison.Ordinal);
        Assert.DoesNotContain("tracestate", head, StringComparison.Ordinal);
        Assert.Equal(2, head.Split("traceparent").Length);
    }

    [Fact]
    public async Task Trace_ThatIsNotRecorded_ReachesTheServiceAsSuch()
    {
        var head = "";
        using var observed = Observed.Create(traces: ActivitySamplingResult.PropagationData);
        await using (var harness = await Http1Harness.StartAsync(h => (head = h) is null ? "" : Ok, observer: observed.Observer))
            await harness.ExchangeAsync("GET / HTTP/1.1\r\nHost: orders.test\r\nConnection: close\r\n\r\n");
        var span = Assert.Single(observed.Spans);
        Assert.Contains($"\r\ntraceparent: 00-{span.TraceId}-{span.SpanId}-00\r\n", head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData($"traceparent: {Unrecorded}\r\n")]
    public async Task Trace_BeyondThoseOfASecondOrNotTheClientsWish_HasNoSpanAndReachesTheServiceAsSuch(string field)
    {
        var head = "";
        using var observed = Observed.Create(traces: ActivitySamplingResult.AllDataAndRecorded, time: new FakeTimeProvider());
        while (observed.Observer.Tracer.MayRecord(default))
        {
        }

        await using (var harness = await Http1Harness.StartAsync(h => (head = h) is null ? "" : Ok, observer: observed.Observer))
            await harness.ExchangeAsync($"GET / HTTP/1.1\r\nHost: orders.test\r\n{field}Connection: close\r\n\r\n");
        Assert.Empty(observed.Spans);
        var trace = Assert.Single(observed.Entries()).GetProperty("traceId").GetString();
        Assert.Matches($"\r\ntraceparent: 00-{trace}-[0-9a-f]{{16}}-00\r\n", head);
        Assert.Contains(field, head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trace_WithTracingOff_PassesUntouched()
    {
        var head = "";
        await using (var harness = await Http1Harness.StartAsync(h => (head = h) is null ? "" : Ok))
            await harness.ExchangeAsync("GET / HTTP/1.1\r\nHost: orders.test\r\nTraceParent: 00-Anything\r\ntracestate: x=y\r\nConnection: close\r\n\r\n");
        Assert.Contains("\r\nTraceParent: 00-Anything\r\ntracestate: x=y\r\n", head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Span_OfAFailedRequest_IsAnError()
    {
        using var observed = Observed.Create(traces: ActivitySamplingResult.AllDataAndRecorded);
        await using (var harness = await Http1Harness.StartAsync(_ => "nonsense\r\n\r\n", observer: observed.Observer))
            await harness.ExchangeAsync("GET / HTTP/1.1\r\nHost: orders.test\r\nConnection: close\r\n\r\n");
        Assert.All(observed.Spans, span => Assert.Equal("Error upstream_protocol_error", $"{span.Status} {span.GetTagItem("error.type")}"));
        Assert.Equal(2, observed.Spans.Length);
    }

    [Fact]
    public async Task Span_OfARequestThatIsRepeated_IsOneForEachTry()
    {
        using var observed = Observed.Create(traces: ActivitySamplingResult.AllDataAndRecorded);
        var parents = new List<string>();
        await using (var harness = await Http1Harness.StartAsync(
            async stream =>
            {
                await stream.ReadHeadAsync();
                await stream.WriteAsync(Ok);
                parents.Add(ParentOf(await stream.ReadHeadAsync()));
                if (stream.Number > 0)
                    await stream.WriteAsync(Ok);
                else
                    stream.Reset();
            },
            observer: observed.Observer))
        {
            var client = harness.Connect();
            await client.SendAsync("GET /1 HTTP/1.1\r\nHost: orders.test\r\n\r\n");
            await client.ReadAsync(Ok.Length);
            await client.SendAsync("GET /2 HTTP/1.1\r\nHost: orders.test\r\nConnection: close\r\n\r\n");
            await client.ReadToEndAsync();
        }

        var tries = observed.Spans.Where(s => s.Kind == ActivityKind.Client).Skip(1).ToArray();
        Assert.Equal([null, "1"], tries.Select(t => t.GetTagItem("http.request.resend_count")?.ToString()));
        Assert.Equal(2, observed.Entries()[1].GetProperty("tries").GetInt32());
    }

    private static string ParentOf(string head) => head.Split("traceparent: ")[1][36..52];

    private static string Text(JsonElement entry, params string[] names) => string.Join(' ', names.Select(n => entry.TryGetProperty(n, out var value) ? value.ToString() : "-"));

    private static string Tags(Activity span, params string[] names) => string.Join(' ', names.Select(n => span.GetTagItem(n)?.ToString() ?? "-"));

    private static string Headers(JsonElement entry, string name) =>
        "{" + string.Join(',', entry.GetProperty(name).EnumerateObject().OrderBy(p => p.Name).Select(p => p.ToString())) + "}";
}
