using Microsoft.Extensions.Time.Testing;
using Pico.Server.Hosting;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Proxy.Http1;

/// <summary>What a client sees when something breaks.</summary>
public sealed class Http1FailureTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private const string Get = Http1RelayTests.Get;

    public static TheoryData<string> CutResponses { get; } =
    [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n",
    ];

    public static TheoryData<string> InvalidResponses { get; } =
    [
        "garbage\r\n\r\n",
        "\0\0\0\0\n",
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
        "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.1 200 OK\r\n" + "A: b\r\n A: c\r\n\r\n",
    ];

    [Theory]
    [MemberData(nameof(CutResponses))]
    public async Task Response_CutInTheMiddle_BreaksTheClientsConnection(string response)
    {
        foreach (var reset in new[] { false, true })
        {
            await using var harness = await Http1Harness.StartAsync(async stream =>
            {
                await stream.ReadHeadAsync();
                await stream.WriteAsync(response);
                if (reset)
                    stream.Reset();
                else
                    stream.End();
            });
            var client = harness.Connect();

            await client.SendAsync(Get);

            // A reset may overtake the response as a whole: then nothing had begun, and the error is said.
            if (reset && await ReadsError(client))
                continue;
            await Assert.ThrowsAsync<IOException>(client.ReadToEndAsync);
            Assert.True(client.IsAborted);
        }
    }

    [Theory]
    [InlineData("5\r\nhelloX")]
    [InlineData("5\nhello\r\n")]
    [InlineData("0\r\nContent-Length: 5\r\n\r\n")]
    public async Task Response_WithMalformedChunks_BreaksTheClientsConnection(string body)
    {
        await using var harness = await Http1Harness.StartAsync(_ => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n" + body);
        var client = harness.Connect();

        await client.SendAsync(Get);

        await Assert.ThrowsAsync<IOException>(client.ReadToEndAsync);
    }

    [Theory]
    [MemberData(nameof(InvalidResponses))]
    public async Task Response_Invalid_Is502AndItsStreamIsNotUsedAgain(string response)
    {
        await using var harness = await Http1Harness.StartAsync(head => head.StartsWith("GET /ok", StringComparison.Ordinal) ? Ok : response);
        var client = harness.Connect();

        await client.SendAsync(Get);
        await AssertProblem(client, "502 Bad Gateway", "upstream_protocol_error");

        await client.SendAsync("GET /ok HTTP/1.1\r\nHost: orders.test\r\n\r\n");
        Assert.Equal(Ok, await client.ReadAsync(Ok.Length));
        Assert.Equal(2, harness.Streams);
    }

    [Fact]
    public async Task ResponseHead_WithoutEnd_Is502()
    {
        await using var harness = await Http1Harness.StartAsync(async stream =>
        {
            await stream.ReadHeadAsync();
            await stream.WriteAsync("HTTP/1.1 200 OK\r\n");
            while (true)
                await stream.WriteAsync("X-Endless: " + new string('x', 1000) + "\r\n");
        });
        var client = harness.Connect();

        await client.SendAsync(Get);

        await AssertProblem(client, "502 Bad Gateway", "upstream_protocol_error");
        Assert.IsType<StreamException>(await harness.ServiceFault.Task.WaitAsync(Patience));
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-")]
    public async Task Service_ClosingBeforeTheResponseBegan_Is502(string start)
    {
        await using var harness = await Http1Harness.StartAsync(async stream =>
        {
            await stream.ReadHeadAsync();
            await stream.WriteAsync(start);
            stream.End();
        });
        var client = harness.Connect();

        await client.SendAsync(Get);

        await AssertProblem(client, "502 Bad Gateway", "upstream_unreachable");
    }

    [Fact]
    public async Task Bytes_AfterTheResponsesEnd_MakeTheStreamUseless()
    {
        await using var harness = await Http1Harness.StartAsync(_ => Ok + Ok);
        var client = harness.Connect();

        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync(Get);
            Assert.Equal(Ok, await client.ReadAsync(Ok.Length));
        }

        Assert.Equal(3, harness.Streams);
    }

    [Theory]
    [InlineData("Transfer-Encoding: chunked", 2)]
    [InlineData("Content-Length: 5", 2)]
    [InlineData("Content-Length: 0", 1)]
    [InlineData("X: y", 1)]
    public async Task NoContent_ThatFramesABody_MakesTheStreamUseless(string field, int streams)
    {
        var noContent = $"HTTP/1.1 204 No Content\r\n{field}\r\n\r\n";
        await using var harness = await Http1Harness.StartAsync(_ => noContent);
        var client = harness.Connect();

        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync(Get);
            Assert.StartsWith("HTTP/1.1 204 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(streams, harness.Streams);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: orders.test\r\n\r\n", true)]
    [InlineData("DELETE / HTTP/1.1\r\nHost: orders.test\r\n\r\n", true)]
    [InlineData("PUT / HTTP/1.1\r\nHost: orders.test\r\nContent-Length: 5\r\n\r\nhello", true)]
    [InlineData("POST / HTTP/1.1\r\nHost: orders.test\r\nContent-Length: 5\r\n\r\nhello", false)]
    [InlineData("POST / HTTP/1.1\r\nHost: orders.test\r\n\r\n", false)]
    public async Task StaleStream_IsRepeatedWhereThatIsSafe(string request, bool safe)
    {
        foreach (var reset in new[] { false, true })
        {
            await using var harness = await Http1Harness.StartAsync(async stream =>
            {
                await stream.ReadHeadAsync();
                if (stream.Number > 0)
                    await stream.ReadToAsync(request.EndsWith("hello", StringComparison.Ordinal) ? "hello" : "");
                await stream.WriteAsync(Ok);
                await stream.ReadToAsync("/");
                if (reset)
                    stream.Reset();
                else
                    stream.End();
            });
            var client = harness.Connect();

            await client.SendAsync(Get);
            Assert.Equal(Ok, await client.ReadAsync(Ok.Length));
            await client.SendAsync(request);

            if (safe)
                Assert.Equal(Ok, await client.ReadAsync(Ok.Length));
            else
                await AssertProblem(client, "502 Bad Gateway", "upstream_unreachable");
            Assert.Equal(safe ? 2 : 1, harness.Streams);
        }
    }

    [Fact]
    public async Task NewStream_ClosedBeforeTheResponse_IsNotRepeated()
    {
        await using var harness = await Http1Harness.StartAsync(async stream =>
        {
            await stream.ReadHeadAsync();
            stream.End();
        });
        var client = harness.Connect();

        await client.SendAsync(Get);

        await AssertProblem(client, "502 Bad Gateway", "upstream_unreachable");
        Assert.Equal(1, harness.Streams);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: nobody.test\r\n\r\n", "502 Bad Gateway", "no_available_upstreams")]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 Bad Request", "missing_endpoint")]
    [InlineData("GET / HTTP/1.1\r\nHost: orders.test\r\nx-pico-endpoint: -\r\n\r\n", "400 Bad Request", "invalid_endpoint")]
    [InlineData("GET / HTTP/1.1\r\nHost: orders.test\r\nx-pico-endpoint: a\r\nx-pico-endpoint: b\r\n\r\n", "400 Bad Request", "invalid_endpoint")]
    [InlineData("POST / HTTP/1.1\r\nHost: nobody.test\r\nContent-Length: 5\r\n\r\nhello", "502 Bad Gateway", "no_available_upstreams")]
    public async Task Request_ThatCannotBeRouted_IsAnsweredAndTheConnectionLivesOn(string request, string status, string code)
    {
        await using var harness = await Http1Harness.StartAsync(_ => Ok);
        var client = harness.Connect();

        await client.SendAsync(request);
        await AssertProblem(client, status, code);

        await client.SendAsync(Get);
        Assert.Equal(Ok, await client.ReadAsync(Ok.Length));
    }

    [Fact]
    public async Task Head_OfARefusedRequest_GetsNoBody()
    {
        await using var harness = await Http1Harness.StartAsync(_ => Ok);
        var client = harness.Connect();

        await client.SendAsync("HEAD / HTTP/1.1\r\nHost: nobody.test\r\n\r\n" + Get);

        Assert.Contains("no_available_upstreams", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal(Ok, await client.ReadAsync(Ok.Length));
    }

    [Fact]
    public async Task RequestHead_LargerThanAllowed_Is431AndTheRestIsTakenAway()
    {
        await using var harness = await Http1Harness.StartAsync(_ => Ok, new ProxyOptions { MaxRequestHeadSize = 2000 });
        var client = harness.Connect();

        await client.SendAsync("GET / HTTP/1.1\r\nHost: orders.test\r\nX: " + new string('x', 2000));
        var answer = await client.ReadHeadAsync();
        await client.SendAsync(new string('x', 500_000));
        client.EndSending();

        Assert.StartsWith("HTTP/1.1 431 ", answer, StringComparison.Ordinal);
        Assert.Contains("x-pico-error: head_too_large", answer, StringComparison.Ordinal);
        await client.ReadToEndAsync();
        Assert.Equal(0, harness.Streams);
    }

    [Fact]
    public async Task RequestFields_MoreThanAllowed_Are431()
    {
        await using var harness = await Http1Harness.StartAsync(_ => Ok);

        var answer = await harness.ExchangeAsync("GET / HTTP/1.1\r\nHost: orders.test\r\n" + string.Concat(Enumerable.Repeat("A: b\r\n", 300)) + "\r\n");

        Assert.StartsWith("HTTP/1.1 431 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TcpEndpoint_Is421()
    {
        await using var harness = await Http1Harness.StartAsync(_ => Task.CompletedTask, protocol: EndpointProtocol.Tcp);
        var client = harness.Connect();

        await client.SendAsync(Get);

        await AssertProblem(client, "421 Misdirected Request", "protocol_mismatch");
    }

    [Fact]
    public async Task Client_ClosedAndNoAnswerSoon_AbortsTheStream()
    {
        var time = new FakeTimeProvider();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var harness = await Http1Harness.StartAsync(async stream =>
        {
            await stream.ReadHeadAsync();
            asked.SetResult();
            await stream.ReadToEndAsync();
        }, time: time);
        var client = harness.Connect();
        await client.SendAsync(Get);
        await asked.Task.WaitAsync(Patience);

        client.EndSending();
        for (var i = 0; i < 8; i++)
            time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(StreamError.Cancelled, Assert.IsType<StreamException>(await harness.ServiceFault.Task.WaitAsync(Patience)).Error);
        Assert.True(await client.Served);
        Assert.Equal(0, harness.Upstream.Outstanding);
        Assert.Equal(0, harness.Metrics.InFlight);
    }

    [Fact]
    public async Task Client_HalfClosedBehindItsRequest_GetsItsAnswer()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var harness = await Http1Harness.StartAsync(async stream =>
        {
            await stream.ReadHeadAsync();
            asked.SetResult();
            await closed.Task;
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nthe ");
            await stream.WriteAsync("whole");
            await stream.ReadHeadAsync();
        });
        var client = harness.Connect();
        await client.SendAsync(Get);
        await asked.Task.WaitAsync(Patience);

        client.EndSending();
        closed.SetResult();

        Assert.EndsWith("\r\n\r\nthe whole", await client.ReadToEndAsync().WaitAsync(Patience), StringComparison.Ordinal);
        Assert.True(await client.Served.WaitAsync(Patience));
    }

    [Fact]
    public async Task Client_HalfClosedBeforeTheStreamIsOpen_GetsItsAnswer()
    {
        await using var harness = await Http1Harness.StartAsync(_ => Ok);
        var client = harness.Connect();

        await client.SendAsync(Get);
        client.EndSending();

        Assert.Equal(Ok, await client.ReadToEndAsync().WaitAsync(Patience));
    }

    [Fact]
    public async Task Client_GoneInTheMiddleOfABody_AbortsTheStream()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var harness = await Http1Harness.StartAsync(async stream =>
        {
            await stream.ReadHeadAsync();
            asked.SetResult();
            await stream.ReadAsync(10);
        });
        var client = harness.Connect();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: orders.test\r\nContent-Length: 10\r\n\r\nhello");
        await asked.Task.WaitAsync(Patience);

        client.EndSending();

        Assert.IsAssignableFrom<IOException>(await harness.ServiceFault.Task.WaitAsync(Patience));
        Assert.True(await client.Served);
        Assert.Equal(0, harness.Upstream.Outstanding);
    }

    private static async Task<bool> ReadsError(MemoryConnection client)
    {
        try
        {
            return (await client.ReadHeadAsync()).Contains("upstream_unreachable", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static async Task AssertProblem(MemoryConnection client, string status, string code)
    {
        var head = await client.ReadHeadAsync();
        Assert.StartsWith($"HTTP/1.1 {status}\r\n", head, StringComparison.Ordinal);
        Assert.Contains($"\r\nx-pico-error: {code}\r\n", head, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: application/problem+json\r\n", head, StringComparison.Ordinal);
        Assert.Contains($"\"code\":\"{code}\"", await client.ReadToAsync("}\n"), StringComparison.Ordinal);
    }
}
