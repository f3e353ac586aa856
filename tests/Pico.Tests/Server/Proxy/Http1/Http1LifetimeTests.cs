using Microsoft.Extensions.Time.Testing;
using Pico.Server.Hosting;
using Pico.Server.Proxy.Http1;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Proxy.Http1;

/// <summary>Time-outs, drain, hand-over and upgrades.</summary>
public sealed class Http1LifetimeTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private const string Get = Http1RelayTests.Get;
    private const string Upgrade = "GET /chat HTTP/1.1\r\nHost: orders.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n";
    private const string Switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: y\r\nConnection: Upgrade\r\n\r\n";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // Deadlines are compared at each tick and never early: a tick more, and one for the rounding.
    private static readonly TimeSpan Slack = 2 * Heartbeat.Tick;

    [Fact]
    public async Task NoResponseHeadInTime_Is504AndTheStreamIsReset()
    {
        var time = new FakeTimeProvider();
        var asked = Signal();
        var options = new ProxyOptions { ResponseHeadTimeout = TimeSpan.FromSeconds(10) };
        await using var harness = await Http1Harness.StartAsync(Silent(asked), options, time);
        var client = harness.Connect();
        await client.SendAsync(Get);
        await asked.Task.WaitAsync(Patience);

        time.Advance(options.ResponseHeadTimeout);
        Assert.False(harness.ServiceFault.Task.IsCompleted);
        time.Advance(Slack);

        Assert.Contains("x-pico-error: upstream_timeout", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.IsType<StreamException>(await harness.ServiceFault.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task ResponseThatStandsStill_BreaksTheClientsConnection()
    {
        var time = new FakeTimeProvider();
        var options = new ProxyOptions { IdleTimeout = TimeSpan.FromSeconds(10) };
        await using var harness = await Http1Harness.StartAsync(_ => "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", options, time);
        var client = harness.Connect();
        await client.SendAsync(Get);
        await client.ReadToAsync("hello");

        time.Advance(options.IdleTimeout + Slack);

        await Assert.ThrowsAsync<IOException>(client.ReadToEndAsync);
    }

    [Fact]
    public async Task RequestBodyThatStandsStill_Is408()
    {
        var time = new FakeTimeProvider();
        var asked = Signal();
        var options = new ProxyOptions { IdleTimeout = TimeSpan.FromSeconds(10) };
        await using var harness = await Http1Harness.StartAsync(
            async stream =>
            {
                await stream.ReadToAsync("hello");
                asked.SetResult();
                await stream.ReadAsync(5);
            },
            options,
            time);
        var client = harness.Connect();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: orders.test\r\nContent-Length: 10\r\n\r\nhello");
        await asked.Task.WaitAsync(Patience);

        time.Advance(options.IdleTimeout + Slack);

        Assert.StartsWith("HTTP/1.1 408 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.IsType<StreamException>(await harness.ServiceFault.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task RequestHeadThatStandsStill_Is408()
    {
        var time = new FakeTimeProvider();
        var options = new ProxyOptions { RequestHeadTimeout = TimeSpan.FromSeconds(10) };
        await using var harness = await Http1Harness.StartAsync(_ => Ok, options, time);
        var client = harness.Connect();
        await client.SendAsync("GET / HTTP/1.1\r\n");

        var end = client.ReadToEndAsync();
        await Eventually.DoneAsync(end, time, Heartbeat.Tick);

        Assert.StartsWith("HTTP/1.1 408 ", await end, StringComparison.Ordinal);
    }

    [Fact]
    public async Task KeptConnection_WithoutRequest_IsClosedWithoutAWord()
    {
        var time = new FakeTimeProvider();
        var options = new ProxyOptions { KeepAliveTimeout = TimeSpan.FromSeconds(10), IdleTimeout = TimeSpan.Zero, ResponseHeadTimeout = TimeSpan.Zero };
        await using var harness = await Http1Harness.StartAsync(_ => Ok, options, time);
        var client = harness.Connect();
        await client.SendAsync(Get + Get);
        Assert.Equal(Ok + Ok, await client.ReadAsync(2 * Ok.Length));

        var end = client.ReadToEndAsync();
        await Eventually.DoneAsync(end, time, Heartbeat.Tick);

        Assert.Equal("", await end);
    }

    [Fact]
    public async Task Drain_IdleConnection_IsClosedInAMoment()
    {
        var time = new FakeTimeProvider();
        await using var harness = await Http1Harness.StartAsync(_ => Ok, time: time);
        var client = harness.Connect();
        await client.SendAsync(Get);
        await client.ReadAsync(Ok.Length);

        client.RequestClose();
        var end = client.ReadToEndAsync();
        Assert.False(end.IsCompleted);
        await Eventually.DoneAsync(end, time, Heartbeat.Tick);

        Assert.Equal("", await end);
    }

    [Fact]
    public async Task Drain_RequestOnItsWay_IsServedAndTheConnectionClosed()
    {
        var time = new FakeTimeProvider();
        await using var harness = await Http1Harness.StartAsync(_ => Ok, time: time);
        var client = harness.Connect();
        await client.SendAsync(Get);
        await client.ReadAsync(Ok.Length);

        client.RequestClose();
        await client.SendAsync(Get);

        Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Drain_KeptConnectionsWhileTheNodeIsStillChosen_StayOpenForOneMoreRequest()
    {
        var time = new FakeTimeProvider();
        await using var harness = await Http1Harness.StartAsync(_ => Ok, time: time);
        var (kept, late) = (harness.Connect(), harness.Connect());
        await kept.SendAsync(Get);
        await kept.ReadAsync(Ok.Length);

        harness.Lifecycle.BeginDraining();
        for (var i = 0; i < 20; i++)
            time.Advance(Heartbeat.Tick);
        await kept.SendAsync(Get);
        await late.SendAsync(Get);

        Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", await kept.ReadToEndAsync());
        Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", await late.ReadToEndAsync());
    }

    [Fact]
    public async Task Drain_BusyConnection_FinishesItsRequestAndSaysClose()
    {
        var asked = Signal();
        var go = Signal();
        await using var harness = await Http1Harness.StartAsync(async stream =>
        {
            await stream.ReadHeadAsync();
            asked.SetResult();
            await go.Task;
            await stream.WriteAsync(Ok);
        });
        var client = harness.Connect();
        await client.SendAsync(Get);
        await asked.Task.WaitAsync(Patience);

        client.RequestClose();
        go.SetResult();

        Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Drain_ConnectionInTheMiddleOfAResponse_IsClosedAfterIt()
    {
        var time = new FakeTimeProvider();
        var go = Signal();
        await using var harness = await Http1Harness.StartAsync(
            async stream =>
            {
                await stream.ReadHeadAsync();
                await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha");
                await go.Task;
                await stream.WriteAsync("lf");
            },
            time: time);
        var client = harness.Connect();
        await client.SendAsync(Get);
        await client.ReadToAsync("ha");

        client.RequestClose();
        go.SetResult();
        await client.ReadToAsync("lf");
        var end = client.ReadToEndAsync();
        await Eventually.DoneAsync(end, time, Heartbeat.Tick);

        Assert.Equal("", await end);
    }

    [Fact]
    public async Task Client_ThatDoesNotTakeTheEnd_IsCutOff()
    {
        var time = new FakeTimeProvider();
        var options = new ProxyOptions { IdleTimeout = TimeSpan.FromSeconds(10) };
        await using var harness = await Http1Harness.StartAsync(_ => Ok, options, time);
        var client = harness.Connect();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: orders.test\r\nConnection: close\r\n\r\n");
        Assert.True(await client.Served.WaitAsync(Patience));

        time.Advance(options.IdleTimeout);
        Assert.False(client.IsAborted);
        time.Advance(Slack);

        Assert.True(client.IsAborted);
    }

    [Fact]
    public async Task EmptyLineBeforeARequest_ComingInHalves_IsLetPass()
    {
        await using var harness = await Http1Harness.StartAsync(_ => Ok);
        var client = harness.Connect();

        await client.SendAsync("\r");
        await client.SendAsync("\n" + Get);

        Assert.Equal(Ok, await client.ReadAsync(Ok.Length));
    }

    [Theory]
    [InlineData("GET /pico/v1/forward HTTP/1.1\r\nHost: orders.test\r\n\r\n", EndpointProtocol.Http)]
    [InlineData("POST /x HTTP/1.1\r\nHost: orders.test\r\nContent-Length: 5\r\n\r\nhello", EndpointProtocol.H2C)]
    public async Task Request_ForTheGeneralPath_IsHandedOverWithNothingConsumed(string request, object protocol)
    {
        await using var harness = await Http1Harness.StartAsync(_ => Task.CompletedTask, protocol: (EndpointProtocol)protocol);
        var client = harness.Connect();

        foreach (var part in request.Chunk(7))
            await client.SendAsync(new string(part));

        Assert.False(await client.Served.WaitAsync(Patience));
        var seen = "";
        while (seen.Length < request.Length)
        {
            var read = await client.Transport.Input.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);
            seen = Wire.Bytes.Text(read.Buffer);
            client.Transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }

        Assert.Equal(request, seen);
    }

    [Fact]
    public async Task LaterRequest_ForTheGeneralPath_IsHandedOverToo()
    {
        await using var harness = await Http1Harness.StartAsync(_ => Ok);
        var client = harness.Connect();

        await client.SendAsync(Get + "GET /pico/v1/forward HTTP/1.1\r\nHost: orders.test\r\n\r\n");

        Assert.Equal(Ok, await client.ReadAsync(Ok.Length));
        Assert.False(await client.Served.WaitAsync(Patience));
    }

    [Fact]
    public async Task Upgrade_Accepted_PassesBytesBothWaysAndTheClientsHalfClose()
    {
        var seen = Signal<string>();
        await using var harness = await Http1Harness.StartAsync(async stream =>
        {
            seen.SetResult(await stream.ReadHeadAsync());
            await stream.WriteAsync(Switching + "first");
            Assert.Equal("early", await stream.ReadAsync(5));
            await stream.WriteAsync("second");
            Assert.Equal("late", await stream.ReadToEndAsync());
            await stream.WriteAsync("third");
            stream.End();
        });
        var client = harness.Connect();

        await client.SendAsync(Upgrade + "early");
        Assert.Equal(Switching, await client.ReadHeadAsync());
        Assert.Equal("firstsecond", await client.ReadAsync(11));
        await client.SendAsync("late");
        client.EndSending();

        Assert.Equal("third", await client.ReadToEndAsync());
        Assert.Equal(
            "GET /chat HTTP/1.1\r\nHost: orders.test\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n" + Http1RelayTests.Trail("orders.test") + "Connection: Upgrade\r\n\r\n",
            await seen.Task.WaitAsync(Patience));
        Assert.True(await client.Served.WaitAsync(Patience));
        Assert.Equal(0, harness.Upstream.Outstanding);
    }

    [Fact]
    public async Task Upgrade_Declined_IsAnOrdinaryAnswer()
    {
        await using var harness = await Http1Harness.StartAsync(_ => Ok);
        var client = harness.Connect();

        await client.SendAsync(Upgrade + Get);

        Assert.Equal(Ok + Ok, await client.ReadAsync(2 * Ok.Length));
    }

    [Fact]
    public async Task Upgraded_SilentForLongerThanHttpMayBe_LivesOn()
    {
        var time = new FakeTimeProvider();
        await using var harness = await Http1Harness.StartAsync(
            async stream =>
            {
                await stream.ReadHeadAsync();
                await stream.WriteAsync(Switching);
                await stream.WriteAsync(await stream.ReadAsync(4));
            },
            new ProxyOptions { IdleTimeout = TimeSpan.FromSeconds(2), ResponseHeadTimeout = TimeSpan.FromSeconds(2) },
            time);
        var client = harness.Connect();
        await client.SendAsync(Upgrade);
        await client.ReadHeadAsync();
        await client.SendAsync("p");

        time.Advance(TimeSpan.FromHours(1));
        await client.SendAsync("ing");

        Assert.Equal("ping", await client.ReadAsync(4));
    }

    [Fact]
    public async Task Upgraded_ServiceBreaks_BreaksTheClientsConnection()
    {
        await using var harness = await Http1Harness.StartAsync(async stream =>
        {
            await stream.ReadHeadAsync();
            await stream.WriteAsync(Switching);
            await stream.ReadToAsync("x");
            stream.Reset();
        });
        var client = harness.Connect();
        await client.SendAsync(Upgrade);
        await client.ReadHeadAsync();

        await client.SendAsync("x");

        await Assert.ThrowsAsync<IOException>(client.ReadToEndAsync);
    }

    private static Func<ServiceStream, Task> Silent(TaskCompletionSource asked) => async stream =>
    {
        await stream.ReadHeadAsync();
        asked.SetResult();
        await stream.ReadToEndAsync();
    };

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TaskCompletionSource<T> Signal<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
