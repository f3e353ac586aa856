using System.IO.Pipelines;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Pico.Server.Hosting;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Proxy.General;

/// <summary>Clients → HTTP/2 services (Kestrel, prior knowledge) behind tunnels.</summary>
public sealed class H2cForwarderTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Versions => ["1.1", "2.0"];

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Request_TargetHostAndTrailAreFaithful(string version)
    {
        await using var service = await TestService.StartAsync(HttpProtocols.Http2, context =>
        {
            context.Response.Headers["x-pico-error"] = "forged";
            return context.Response.WriteAsync(string.Join('\n',
                context.Request.Protocol, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, context.Request.Host.Value,
                context.Request.Headers["X-Forwarded-For"], context.Request.Headers["Forwarded"], context.Request.Headers["X-Hop"]));
        });
        await using var server = await ProxyTestServer.StartAsync();
        await server.AddAsync("rpc", EndpointProtocol.H2C, ProxyTestServer.To(service.Port));
        using var client = server.CreateClient("rpc", new Version(version));
        client.DefaultRequestHeaders.Add("X-Forwarded-For", "6.6.6.6");
        if (version == "1.1")
            client.DefaultRequestHeaders.Add("Connection", "x-hop");
        client.DefaultRequestHeaders.Add("X-Hop", version == "1.1" ? "1" : "");
        var target = new Uri(server.Url + "a%2Fb/../c/%7Ex?q=%41", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

        using var response = await client.GetAsync(target, Cancel);

        Assert.Equal(
            ["HTTP/2", "/a%2Fb/../c/%7Ex?q=%41", "rpc.example.com", "127.0.0.1", "for=127.0.0.1;host=rpc.example.com;proto=http", ""],
            (await response.Content.ReadAsStringAsync(Cancel)).Split('\n'));
        Assert.False(response.Headers.Contains("x-pico-error"));
    }

    [Fact]
    public async Task Call_BothWaysAtOnce_EndsWithItsTrailers()
    {
        await using var service = await TestService.StartAsync(HttpProtocols.Http2, async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.BodyWriter.FlushAsync();
            await context.Request.Body.CopyToAsync(context.Response.Body);
            context.Response.AppendTrailer("grpc-status", "5");
            context.Response.AppendTrailer("grpc-message", context.Request.Headers.TE.ToString());
        });
        await using var server = await ProxyTestServer.StartAsync(new ProxyOptions { IdleTimeout = TimeSpan.FromMilliseconds(200), ResponseHeadTimeout = TimeSpan.FromMilliseconds(200) });
        await server.AddAsync("rpc", EndpointProtocol.H2C, ProxyTestServer.To(service.Port));
        using var client = server.CreateClient("rpc", HttpVersion.Version20);
        var first = new TaskCompletionSource();
        var answered = new TaskCompletionSource();
        using var content = new StreamedContent(async body =>
        {
            // The answer's head comes before anything was said.
            await body.FlushAsync();
            await answered.Task.WaitAsync(Patience);
            await body.WriteAsync("ping"u8.ToArray());
            await body.FlushAsync();
            await first.Task.WaitAsync(Patience);
            // Longer than any HTTP time-out: a call that is silent is not dead.
            await Task.Delay(TimeSpan.FromMilliseconds(600), TimeProvider.System);
            await body.WriteAsync("pong"u8.ToArray());
        });
        content.Headers.Add("Content-Type", "application/grpc");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/s/m")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.TE.ParseAdd("trailers");

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        answered.SetResult();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var stream = await response.Content.ReadAsStreamAsync(Cancel);
        var piece = new byte[4];
        await stream.ReadExactlyAsync(piece, Cancel);
        first.SetResult();

        Assert.Equal("ping", Encoding.ASCII.GetString(piece));
        Assert.Equal("pong", await new StreamReader(stream).ReadToEndAsync(Cancel));
        Assert.Equal("5", Assert.Single(response.TrailingHeaders.GetValues("grpc-status")));
        Assert.Equal("trailers", Assert.Single(response.TrailingHeaders.GetValues("grpc-message")));
    }

    [Fact]
    public async Task Calls_100AtOnce_ShareTheConnection()
    {
        var waiting = 0;
        var all = new TaskCompletionSource();
        await using var service = await TestService.StartAsync(HttpProtocols.Http2, async context =>
        {
            if (Interlocked.Increment(ref waiting) == 100)
                all.SetResult();
            await all.Task;
            await context.Response.WriteAsync("ok");
        });
        await using var server = await ProxyTestServer.StartAsync();
        var streams = 0;
        await server.AddAsync("rpc", EndpointProtocol.H2C, stream =>
        {
            Interlocked.Increment(ref streams);
            return ProxyTestServer.To(service.Port)(stream);
        });
        using var client = server.CreateClient("rpc", HttpVersion.Version20);

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => client.GetStringAsync($"/{i}", Cancel)));

        Assert.All(answers, answer => Assert.Equal("ok", answer));
        Assert.InRange(streams, 1, 2);
    }

    [Fact]
    public async Task Client_ThatCancels_CancelsTheCall()
    {
        var arrived = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        await using var service = await TestService.StartAsync(HttpProtocols.Http2, async context =>
        {
            context.RequestAborted.Register(cancelled.SetResult);
            arrived.SetResult();
            await cancelled.Task;
        });
        await using var server = await ProxyTestServer.StartAsync();
        await server.AddAsync("rpc", EndpointProtocol.H2C, ProxyTestServer.To(service.Port));
        using var client = server.CreateClient("rpc", HttpVersion.Version20);
        using var leaving = new CancellationTokenSource();
        var call = client.GetAsync("/", leaving.Token);
        await arrived.Task.WaitAsync(Patience, Cancel);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await cancelled.Task.WaitAsync(Patience, Cancel);
    }

    [Fact]
    public async Task Upstream_ThatRefuses_AnotherIsTried()
    {
        await using var service = await TestService.StartAsync(HttpProtocols.Http2, context => context.Request.Body.CopyToAsync(context.Response.Body));
        await using var server = await ProxyTestServer.StartAsync();
        await server.AddAsync("rpc", EndpointProtocol.H2C, RefuseAsync, accept: false);
        await server.AddAsync("rpc", EndpointProtocol.H2C, ProxyTestServer.To(service.Port));
        using var client = server.CreateClient("rpc", HttpVersion.Version20);

        for (var i = 0; i < 4; i++)
        {
            using var response = await client.PostAsync("/", new StringContent("body"), Cancel);
            Assert.Equal("body", await response.Content.ReadAsStringAsync(Cancel));
        }
    }

    [Theory]
    [InlineData(StreamError.TooManyStreams, 503, false)]
    [InlineData(StreamError.ServiceUnreachable, 502, true)]
    public async Task Upstream_ThatRefuses_IsLeftOut_ButNotOneThatIsMerelyFull(StreamError error, int status, bool isEjected)
    {
        await using var server = await ProxyTestServer.StartAsync();
        await server.AddAsync("rpc", EndpointProtocol.H2C, stream => RefuseAsync(stream, error), accept: false);
        var ejected = new List<StreamError>();
        server.Connector.Ejected += (_, why) => ejected.Add(why);
        using var client = server.CreateClient("rpc", HttpVersion.Version20);

        using var response = await client.GetAsync("/", Cancel);

        Assert.True(server.Routes.TryGet("rpc", out var endpoint));
        Assert.Equal((status, isEjected), ((int)response.StatusCode, Assert.Single(endpoint.Upstreams.ToArray()).IsEjected));
        Assert.Equal(isEjected ? [error] : [], ejected);
    }

    [Theory]
    [InlineData("refuses", 502, "upstream_unreachable")]
    [InlineData("http/1.1", 502, "upstream_protocol_error")]
    [InlineData("closes", 502, "upstream_unreachable")]
    [InlineData("silent", 504, "upstream_timeout")]
    public async Task Service_ThatDoesNotServe_IsAnsweredWithTheError(string how, int status, string code)
    {
        await using var server = await ProxyTestServer.StartAsync(new ProxyOptions { ResponseHeadTimeout = how == "silent" ? TimeSpan.FromMilliseconds(300) : Patience });
        Func<TunnelStream, Task> serve = how switch
        {
            "refuses" => RefuseAsync,
            "http/1.1" => AnswerInHttp11Async,
            "closes" => stream => stream.DisposeAsync().AsTask(),
            _ => _ => Task.CompletedTask,
        };
        await server.AddAsync("rpc", EndpointProtocol.H2C, serve, accept: how != "refuses");
        using var client = server.CreateClient("rpc", HttpVersion.Version20);

        using var response = await client.GetAsync("/", Cancel);

        Assert.Equal((status, code), ((int)response.StatusCode, Assert.Single(response.Headers.GetValues("x-pico-error"))));
    }

    [Fact]
    public async Task Response_CutInTheMiddle_IsNeverEndedAsIfComplete()
    {
        await using var service = await TestService.StartAsync(HttpProtocols.Http2, async context =>
        {
            await context.Response.WriteAsync("half");
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        await using var server = await ProxyTestServer.StartAsync();
        await server.AddAsync("rpc", EndpointProtocol.H2C, ProxyTestServer.To(service.Port));
        using var client = server.CreateClient("rpc", HttpVersion.Version20);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => client.GetStringAsync("/", Cancel));
    }

    private static async Task AnswerInHttp11Async(TunnelStream stream)
    {
        // After the request's head, which follows preface, settings and window update (58 bytes): earlier, .NET's client may say no more than that the connection ended.
        ReadResult result;
        while ((result = await stream.Input.ReadAsync()).Buffer.Length <= 58)
            stream.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        await stream.WriteAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
    }

    private static Task RefuseAsync(TunnelStream stream) => RefuseAsync(stream, StreamError.ServiceUnreachable);

    private static Task RefuseAsync(TunnelStream stream, StreamError error)
    {
        stream.Refuse(error, "connection refused");
        return Task.CompletedTask;
    }
}
