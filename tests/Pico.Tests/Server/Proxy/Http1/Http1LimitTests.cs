using Pico.Server.Hosting;

namespace Pico.Tests.Server.Proxy.Http1;

/// <summary>The limits on the lean path.</summary>
public sealed class Http1LimitTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: orders.test\r\n\r\n";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Endpoint_WithAllItsRequestsInFlight_503WithRetryAfter_AndTheConnectionGoesOn()
    {
        var asked = new SemaphoreSlim(0);
        var answers = new SemaphoreSlim(0);
        await using var harness = await Http1Harness.StartAsync(
            async stream =>
            {
                while (true)
                {
                    await stream.ReadHeadAsync();
                    asked.Release();
                    await answers.WaitAsync();
                    await stream.WriteAsync(Ok);
                }
            },
            new ProxyOptions { Limits = { RequestsPerEndpoint = 2 } });
        var (one, two, three) = (harness.Connect(), harness.Connect(), harness.Connect());
        await one.SendAsync(Get);
        await two.SendAsync(Get);
        Assert.True(await asked.WaitAsync(Patience) && await asked.WaitAsync(Patience));

        await three.SendAsync(Get);
        await AssertProblemAsync(three, "503 Service Unavailable", "overloaded");
        answers.Release(2);
        Assert.StartsWith("HTTP/1.1 200 ", await one.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", await two.ReadHeadAsync(), StringComparison.Ordinal);
        answers.Release();
        await three.SendAsync(Get);

        Assert.StartsWith("HTTP/1.1 200 ", await three.ReadHeadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endpoint_OverItsRate_429WithRetryAfter()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var harness = await Http1Harness.StartAsync(_ => Ok, new ProxyOptions { Limits = { RatePerEndpoint = 2 } }, time);
        var client = harness.Connect();
        await ExchangeAsync(client, 2);

        await client.SendAsync(Get);
        await AssertProblemAsync(client, "429 Too Many Requests", "rate_limited");
        time.Advance(TimeSpan.FromSeconds(1));

        await ExchangeAsync(client, 2);
    }

    [Fact]
    public async Task Client_NamedByATrustedProxy_IsLimitedByItself()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var harness = await Http1Harness.StartAsync(_ => Ok, new ProxyOptions { Limits = { RatePerClient = 1 } }, time);
        var proxy = harness.Connect(trusted: true);

        foreach (var client in new[] { "203.0.113.1", "203.0.113.2", "203.0.113.2, 203.0.113.3" })
        {
            await proxy.SendAsync(From(client));
            Assert.StartsWith("HTTP/1.1 200 ", await proxy.ReadHeadAsync(), StringComparison.Ordinal);
        }

        await proxy.SendAsync(From("203.0.113.9, 203.0.113.2"));
        await AssertProblemAsync(proxy, "429 Too Many Requests", "rate_limited");
    }

    [Fact]
    public async Task Client_ThatNamesAnotherItself_IsLimitedByItsOwnAddress()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var harness = await Http1Harness.StartAsync(_ => Ok, new ProxyOptions { Limits = { RatePerClient = 1 } }, time);
        var (one, two) = (harness.Connect(), harness.Connect());

        await one.SendAsync(From("203.0.113.1"));
        Assert.StartsWith("HTTP/1.1 200 ", await one.ReadHeadAsync(), StringComparison.Ordinal);
        await two.SendAsync(From("203.0.113.2"));

        await AssertProblemAsync(two, "429 Too Many Requests", "rate_limited");
    }

    [Fact]
    public async Task Client_ThatGoesAwayMeanwhile_IsCountedOut()
    {
        var asked = new SemaphoreSlim(0);
        await using var harness = await Http1Harness.StartAsync(
            async stream =>
            {
                await stream.ReadHeadAsync();
                asked.Release();
                await stream.ReadToEndAsync();
            },
            new ProxyOptions { Limits = { RequestsPerEndpoint = 1, RequestsPerClient = 1 } });

        for (var i = 0; i < 5; i++)
        {
            var client = harness.Connect();
            await client.SendAsync(Get);
            Assert.True(await asked.WaitAsync(Patience));
            client.Abort(new("gone"));
            await client.Served.WaitAsync(Patience);
        }
    }

    private static string From(string forwardedFor) => $"GET / HTTP/1.1\r\nHost: orders.test\r\nX-Forwarded-For: {forwardedFor}\r\n\r\n";

    private static async Task ExchangeAsync(MemoryConnection client, int times)
    {
        for (var i = 0; i < times; i++)
        {
            await client.SendAsync(Get);
            Assert.StartsWith("HTTP/1.1 200 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        }
    }

    private static async Task AssertProblemAsync(MemoryConnection client, string status, string code)
    {
        var head = await client.ReadHeadAsync();
        Assert.StartsWith($"HTTP/1.1 {status}\r\n", head, StringComparison.Ordinal);
        Assert.Contains($"\r\nx-pico-error: {code}\r\n", head, StringComparison.Ordinal);
        Assert.Contains("\r\nRetry-After: 1\r\n", head, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: application/problem+json\r\n", head, StringComparison.Ordinal);
        Assert.DoesNotContain("\r\nConnection: close\r\n", head, StringComparison.Ordinal);
        var length = head.Split("Content-Length: ")[1].Split('\r')[0];
        await client.ReadAsync(int.Parse(length));
    }
}
