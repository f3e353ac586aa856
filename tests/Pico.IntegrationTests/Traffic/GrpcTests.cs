using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Pico.IntegrationTests.Fixtures;
using Pico.IntegrationTests.Peers;

namespace Pico.IntegrationTests.Traffic;

/// <summary>gRPC from Grpc.Net.Client to Grpc.AspNetCore, on an endpoint of protocol h2c.</summary>
public sealed class GrpcTests(SharedServer shared) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly InteropService _service = new();
    private WebService _web = null!;
    private ExposedService _exposed = null!;
    private GrpcChannel _channel = null!;
    private Interop.InteropClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _web = await WebService.StartAsync(
            app => app.MapGrpcService<InteropService>(),
            HttpProtocols.Http2,
            services => services.AddSingleton(_service).AddGrpc());
        _exposed = await shared.ExposeAsync(_web.Port, "h2c");
        _channel = GrpcChannel.ForAddress(_exposed.Proxy, new()
        {
            HttpHandler = new EndpointHeaderHandler(_exposed.EndpointId) { InnerHandler = new SocketsHttpHandler { UseProxy = false } },
            DisposeHttpClient = true,
        });
        _client = new(_channel);
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _exposed.DisposeAsync();
        await _web.DisposeAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task Unary_Answered()
    {
        var text = new string('t', 1_000_000);

        Assert.Equal(text, (await _client.EchoAsync(new() { Value = text }, Options())).Value);
    }

    [Fact(Timeout = 60_000)]
    public async Task Unary_Fails_StatusAndTrailersArrive()
    {
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await _client.EchoAsync(new() { Value = "fail" }, Options()));

        Assert.Equal(StatusCode.FailedPrecondition, failure.StatusCode);
        Assert.Equal("not today: 50 % – \u00e4", failure.Status.Detail);
        Assert.Equal("asked for", failure.Trailers.GetValue("x-why"));
        Assert.Equal([0, 255], failure.Trailers.GetValueBytes("x-why-bin")!);
    }

    [Fact(Timeout = 60_000)]
    public async Task ClientStreaming_AllArrive()
    {
        using var call = _client.Join(Options());
        for (var i = 0; i < 100; i++)
            await call.RequestStream.WriteAsync(new() { Value = $"{i}" }, TestContext.Current.CancellationToken);
        await call.RequestStream.CompleteAsync();

        Assert.Equal(string.Join(' ', Enumerable.Range(0, 100)), (await call).Value);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact(Timeout = 60_000)]
    public async Task ServerStreaming_CancelledByTheClient_EndsAtTheService()
    {
        using var call = _client.Repeat(new() { Value = "again" }, Options());
        for (var i = 0; i < 10; i++)
        {
            Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
            Assert.Equal("again", call.ResponseStream.Current.Value);
        }

        Assert.False(_service.Cancelled.IsCompleted);
        call.Dispose();

        await _service.Cancelled.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = 60_000)]
    public async Task ServerStreaming_DeadlineOver_EndsOnBothSides()
    {
        using var call = _client.Repeat(new() { Value = "again" }, new(deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(5)));
        Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        var failure = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
                Assert.Equal("again", call.ResponseStream.Current.Value);
        });

        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        await _service.Cancelled.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = 60_000)]
    public async Task BidirectionalStreaming_EachIsAnsweredBeforeTheNextIsSent()
    {
        using var call = _client.Chat(Options());
        for (var i = 0; i < 100; i++)
        {
            await call.RequestStream.WriteAsync(new() { Value = $"{i}" }, TestContext.Current.CancellationToken);
            Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
            Assert.Equal($"{i}", call.ResponseStream.Current.Value);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    private static CallOptions Options() =>
        new(deadline: TimeProvider.System.GetUtcNow().UtcDateTime.Add(Patience), cancellationToken: TestContext.Current.CancellationToken);

    private sealed class EndpointHeaderHandler(string endpointId) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Add("x-pico-endpoint", endpointId);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
