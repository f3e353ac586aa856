using System.Collections.Concurrent;

namespace Pico.Tests.Server.Proxy.Http1;

/// <summary>
/// Requests that some recipient would read otherwise than another: each is either refused, with nothing of it or of what follows reaching a service,
/// or reaches the service as exactly the bytes that leave no doubt.
/// </summary>
public sealed class SmugglingTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private const string Smuggled = HostileRequests.Smuggled;

    [Theory]
    [MemberData(nameof(HostileRequests.BadFields), MemberType = typeof(HostileRequests))]
    public Task Fields_ThatLeaveADoubt_Are400(string fields) =>
        AssertRefused($"POST / HTTP/1.1\r\nHost: orders.test\r\n{fields}\r\n\r\nhello");

    [Theory]
    [MemberData(nameof(HostileRequests.BadHeads), MemberType = typeof(HostileRequests))]
    public Task Heads_ThatAreNoRequest_Are400(string head) => AssertRefused(head);

    [Theory]
    [MemberData(nameof(HostileRequests.BadChunks), MemberType = typeof(HostileRequests))]
    public Task Chunks_ThatLeaveADoubt_Are400(string body) =>
        AssertRefused($"POST / HTTP/1.1\r\nHost: orders.test\r\nTransfer-Encoding: chunked\r\n\r\n{body}");

    [Theory]
    [MemberData(nameof(HostileRequests.BadChunks), MemberType = typeof(HostileRequests))]
    public async Task Chunks_ThatLeaveADoubtLater_NeverReachTheServiceWhole(string body)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var got = new TaskCompletionSource<string>();
        await using var harness = await Http1Harness.StartAsync(async stream =>
        {
            await stream.ReadToAsync("x\r\ny\r\n");
            begun.SetResult();
            try
            {
                got.SetResult(await stream.ReadToAsync("/smuggled"));
            }
            catch (IOException e)
            {
                got.SetResult(e.Message);
                throw;
            }
        });
        var client = harness.Connect();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: orders.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;");
        await client.SendAsync("x\r\ny\r\n");
        await begun.Task.WaitAsync(Patience);
        await client.SendAsync(body + Smuggled);

        Assert.StartsWith("HTTP/1.1 400 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("/smuggled", await got.Task.WaitAsync(Patience), StringComparison.Ordinal);
        Assert.IsAssignableFrom<IOException>(await harness.ServiceFault.Task.WaitAsync(Patience));
    }

    [Theory]
    [MemberData(nameof(HostileRequests.BadEndpoints), MemberType = typeof(HostileRequests))]
    public async Task Endpoints_ThatAreNone_Are400AndReachNobody(string fields)
    {
        await using var harness = await Http1Harness.StartAsync(_ => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        var client = harness.Connect();

        await client.SendAsync($"GET / HTTP/1.1\r\n{fields}\r\n\r\n");

        var answer = await client.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Matches("x-pico-error: (invalid|missing)_endpoint\r\n", answer);
        Assert.Equal(0, harness.Streams);
    }

    [Theory]
    [MemberData(nameof(HostileRequests.Oversized), MemberType = typeof(HostileRequests))]
    public async Task Requests_WithSomethingOversized_AreRefused(string request, int status)
    {
        await using var harness = await Http1Harness.StartAsync(_ => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        var client = harness.Connect();

        await client.SendAsync(request);

        Assert.StartsWith($"HTTP/1.1 {status} ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        if (status == 431) // what a body has too much of is found when its beginning may be on its way
            Assert.Equal(0, harness.Streams);
    }

    [Theory]
    [MemberData(nameof(HostileRequests.Good), MemberType = typeof(HostileRequests))]
    public async Task Request_WithoutADoubt_ReachesTheServiceAsExactlyThis(string request, string expected)
    {
        expected = expected.Replace("~", Http1RelayTests.Trail(expected.Split("Host: ")[1].Split('\r')[0]), StringComparison.Ordinal);
        var got = new TaskCompletionSource<string>();
        await using var harness = await Http1Harness.StartAsync(async stream =>
        {
            got.SetResult(await stream.ReadAsync(expected.Length));
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            await stream.ReadHeadAsync();
        });
        var client = harness.Connect();

        await client.SendAsync(request);

        Assert.Equal(expected, await got.Task.WaitAsync(Patience));
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await client.ReadHeadAsync(), StringComparison.Ordinal);
    }

    private static async Task AssertRefused(string request)
    {
        var heads = new ConcurrentQueue<string>();
        await using var harness = await Http1Harness.StartAsync(head =>
        {
            heads.Enqueue(head);
            return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        });
        var client = harness.Connect();

        await client.SendAsync(request + Smuggled);

        var answer = await client.ReadHeadAsync();
        client.EndSending();
        answer += await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nx-pico-error: bad_request\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
        Assert.Equal(0, answer.LastIndexOf("HTTP/1.1", StringComparison.Ordinal));
        Assert.Empty(heads);
        Assert.Equal(0, harness.Streams);
        Assert.True(await client.Served);
    }
}
