using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Reflection;
using System.Runtime.CompilerServices;
using Pico.Server.Hosting;
using Pico.Server.Observing;
using Pico.Tests.Server.Auth;
using Pico.Tests.Server.Observing;

namespace Pico.Tests.Server.Proxy.Http1;

/// <summary>Runs alone: what others allocate meanwhile would count.</summary>
[CollectionDefinition(nameof(Http1AllocationTests), DisableParallelization = true)]
public sealed class AllocationCollection;

/// <summary>What a request costs in allocations on a kept connection over a kept stream, both ends of the tunnel included.</summary>
[Collection(nameof(Http1AllocationTests))]
public sealed class Http1AllocationTests(ITestOutputHelper output)
{
    private const int Requests = 5000;
    private const int Rounds = 20;

    // The pools and caches of the runtime are shared by threads and refilled now and then; one object per request would be more than this.
    private const int Tolerated = 16;

    private static readonly byte[] Get = Wire.Bytes.Of("GET /a/b?c=d HTTP/1.1\r\nHost: orders.test\r\nUser-Agent: test\r\nAccept: */*\r\nAccept-Encoding: gzip\r\nCookie: a=b\r\n\r\n");
    private static readonly byte[] Post = Wire.Bytes.Of("POST /a HTTP/1.1\r\nHost: orders.test\r\nContent-Length: 10\r\n\r\n0123456789");
    private static readonly byte[] Ok = Wire.Bytes.Of("HTTP/1.1 200 OK\r\nServer: test\r\nDate: x\r\nContent-Type: text/plain\r\nContent-Length: 10\r\nConnection: keep-alive\r\n\r\n0123456789");
    private static readonly byte[] Chunked = Wire.Bytes.Of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n");

    [Fact]
    public Task Get_AnsweredWithALength_AllocatesNothing() => AssertNothingAllocated(Get, Ok);

    [Fact]
    public Task Get_AnsweredInChunks_AllocatesNothing() => AssertNothingAllocated(Get, Chunked);

    [Fact]
    public Task Post_WithASmallBody_AllocatesNothing() => AssertNothingAllocated(Post, Ok);

    [Fact]
    public Task Get_WithEveryLimitOn_AllocatesNothing() => AssertNothingAllocated(
        Get, Ok, new ProxyOptions { Limits = { RequestsPerEndpoint = 10, RequestsPerClient = 10, RatePerEndpoint = 1_000_000, RatePerClient = 1_000_000 } });

    [Fact]
    public Task Get_WithATokenThatWasVerified_AllocatesNothing()
    {
        var options = new ProxyOptions();
        options.Auth.PublicKey = TokenMint.PublicKeys;
        var authorization = $"Authorization: Bearer {TokenMint.Create("RS256", TimeProvider.System.GetUtcNow(), new { endpoints = new[] { "a", "orders", "team-*" } })}\r\n";
        var request = Wire.Bytes.Of($"GET /a/b?c=d HTTP/1.1\r\nHost: orders.test\r\n{authorization}Accept: */*\r\n\r\n");
        return AssertNothingAllocated(request, Ok, options, hidden: authorization.Length);
    }

    [Fact]
    public async Task Get_WithTheAccessLogOn_AllocatesNothing()
    {
        using var observed = Observed.Create(o => o.RequestHeaders = ["accept"]);
        await AssertNothingAllocated(Get, Ok, observer: observed.Observer);
    }

    private async Task AssertNothingAllocated(byte[] request, byte[] response, ProxyOptions? options = null, int hidden = 0, RequestObserver? observer = null)
    {
        if (typeof(Pico.Server.Proxy.Http1.Http1Path).Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true })
            Assert.Skip("Code that is not optimized allocates what optimized code does not: run the tests with -c Release.");

        var requestLength = 0;
        await using var harness = await Http1Harness.StartRawAsync(async stream =>
        {
            while (await TakeAsync(stream.Input, requestLength))
                await stream.WriteAsync(response);
        }, options, observer: observer);
        // What the service gets is longer by the trail of proxies and shorter by what is for Pico, so its length is counted first.
        requestLength = request.Length - hidden + Http1RelayTests.Trail("orders.test").Length;
        var client = harness.Connect();
        var expected = response.Length - (response == Ok ? "Connection: keep-alive\r\n".Length : 0);

        // Code that was not compiled to the end yet allocates what optimized code does not: the steady state is what counts.
        var perRequest = double.MaxValue;
        for (var round = 0; round < Rounds && perRequest > Tolerated; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await RunAsync(client, request, expected, Requests);
            perRequest = (double)(GC.GetTotalAllocatedBytes(precise: true) - before) / Requests;
        }

        output.WriteLine($"{perRequest:0.0} bytes per request");
        Assert.InRange(perRequest, 0, Tolerated);
        Assert.Equal(1, harness.Streams);
    }

    private static async Task RunAsync(MemoryConnection client, byte[] request, int expected, int count)
    {
        for (var i = 0; i < count; i++)
        {
            client.ClientOutput.Write(request);
            await client.ClientOutput.FlushAsync();
            await TakeAsync(client.ClientInput, expected);
        }
    }

    // Pooled, so that only what is under test is counted.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<bool> TakeAsync(PipeReader reader, int length)
    {
        while (length > 0)
        {
            var read = await reader.ReadAsync();
            if (read.IsCompleted && read.Buffer.IsEmpty)
                return false;
            var part = read.Buffer.Slice(0, Math.Min(length, read.Buffer.Length));
            length -= (int)part.Length;
            reader.AdvanceTo(part.End);
        }

        return true;
    }
}
