using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Pico.IntegrationTests.Fixtures;
using Pico.IntegrationTests.Peers.Otlp;

namespace Pico.IntegrationTests.Peers;

/// <summary>A span, and the service and node that it came from.</summary>
internal sealed record ReceivedSpan(string Service, string Node, Span Span)
{
    public string TraceId => Convert.ToHexStringLower(Span.TraceId.Span);

    public string Id => Convert.ToHexStringLower(Span.SpanId.Span);

    public string ParentId => Convert.ToHexStringLower(Span.ParentSpanId.Span);

    /// <summary>An attribute as text; empty if it has none of that name.</summary>
    public string this[string key] => Text(Span.Attributes, key);

    public static string Text(IEnumerable<KeyValue> attributes, string key) => attributes.FirstOrDefault(a => a.Key == key)?.Value switch
    {
        { AnyCase: AnyValue.AnyOneofCase.StringValue } v => v.StringValue,
        { AnyCase: AnyValue.AnyOneofCase.IntValue } v => $"{v.IntValue}",
        { AnyCase: AnyValue.AnyOneofCase.BoolValue } v => $"{v.BoolValue}",
        _ => "",
    };
}

/// <summary>Takes spans by OTLP, over gRPC and over HTTP with protobuf.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly Spans _spans = new();
    private WebService _grpc = null!;
    private WebService _http = null!;

    /// <summary>For <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> with protocol grpc.</summary>
    public string GrpcEndpoint => $"http://127.0.0.1:{_grpc.Port}";

    /// <summary>The same with protocol http/protobuf.</summary>
    public string HttpEndpoint => $"http://127.0.0.1:{_http.Port}";

    public static async Task<OtlpReceiver> StartAsync()
    {
        var receiver = new OtlpReceiver();
        receiver._grpc = await WebService.StartAsync(
            app => app.MapGrpcService<Spans>(), HttpProtocols.Http2, services => services.AddSingleton(receiver._spans).AddGrpc());
        receiver._http = await WebService.StartAsync(app => app.MapPost("/v1/traces", async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            receiver._spans.Take(TracesRequest.Parser.ParseFrom(body.ToArray()));
        }));
        return receiver;
    }

    /// <summary>Waits until <paramref name="count"/> spans of a trace have come, and gives them by their beginning.</summary>
    public async Task<ReceivedSpan[]> TraceAsync(string traceId, int count)
    {
        ReceivedSpan[] found = [];
        try
        {
            await Deadline.UntilAsync($"{count} spans of {traceId}", TimeSpan.FromSeconds(20), () =>
                (found = [.. _spans.Received.Where(s => s.TraceId == traceId).OrderBy(s => s.Span.StartTimeUnixNano)]).Length >= count);
        }
        catch (TimeoutException e)
        {
            var came = string.Join(", ", found.Concat(_spans.Received).Select(s => $"{s.Node} {s.Span.Name} of {s.TraceId}"));
            throw new TimeoutException($"{e.Message}; what came: {came}", e);
        }

        return found;
    }

    public async ValueTask DisposeAsync()
    {
        await _grpc.DisposeAsync();
        await _http.DisposeAsync();
    }

    private sealed class Spans : TraceService.TraceServiceBase
    {
        public ConcurrentQueue<ReceivedSpan> Received { get; } = new();

        public void Take(TracesRequest request)
        {
            foreach (var resource in request.ResourceSpans)
            {
                var (service, node) = (ReceivedSpan.Text(resource.Resource.Attributes, "service.name"), ReceivedSpan.Text(resource.Resource.Attributes, "service.instance.id"));
                foreach (var span in resource.ScopeSpans.SelectMany(s => s.Spans))
                    Received.Enqueue(new(service, node, span));
            }
        }

        public override Task<TracesResponse> Export(TracesRequest request, ServerCallContext context)
        {
            Take(request);
            return Task.FromResult(new TracesResponse());
        }
    }
}
