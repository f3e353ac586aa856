using System.Buffers;
using System.Text;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Tcp;

public sealed class ForwardTests
{
    [Fact]
    public async Task Open_TcpEndpoint_CarriesBytesAndHalfCloseBothWays()
    {
        await using var server = await TestServer.StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: TestAgent.EchoAsync);
        Assert.Null(await agent.RegisterAsync("db"));
        await using var client = await Forward(server);

        var stream = await Open(client, "db");
        await stream.WriteAsync(Encoding.ASCII.GetBytes("hello"), TestContext.Current.CancellationToken);
        stream.CompleteOutput();

        Assert.Equal("hello", Encoding.ASCII.GetString(await ReadToEnd(stream)));
        var open = await agent.Handler.Opened.Reader.ReadAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(open.Open.ClientAddress);
        await server.StatusAsync(s => s.Endpoints[0].Upstreams[0].Outstanding == 0 && s.Tunnels[0].Streams == 0);
    }

    [Fact]
    public async Task Open_ServiceHalfClosesFirst_ClientCanStillSend()
    {
        var received = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TestServer.StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: async stream =>
        {
            stream.CompleteOutput();
            received.SetResult(await ReadToEnd(stream));
        });
        Assert.Null(await agent.RegisterAsync("db"));
        await using var client = await Forward(server);

        var stream = await Open(client, "db");
        Assert.Empty(await ReadToEnd(stream));
        await stream.WriteAsync(new byte[100_000], TestContext.Current.CancellationToken);
        stream.CompleteOutput();

        Assert.Equal(100_000, (await received.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)).Length);
    }

    [Fact]
    public async Task Open_LargeTransferBothWays_ArrivesWhole()
    {
        await using var server = await TestServer.StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: TestAgent.EchoAsync);
        Assert.Null(await agent.RegisterAsync("db"));
        await using var client = await Forward(server);
        var data = new byte[8 * 1024 * 1024];
        new Random(1).NextBytes(data);

        var stream = await Open(client, "db");
        var reading = ReadToEnd(stream);
        await stream.WriteAsync(data, TestContext.Current.CancellationToken);
        stream.CompleteOutput();

        Assert.Equal(data, await reading);
    }

    [Fact]
    public async Task Open_ServiceResets_ClientSeesAResetNeverAnEnd()
    {
        await using var server = await TestServer.StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: stream =>
        {
            stream.Abort(StreamError.ServiceReset);
            return Task.CompletedTask;
        });
        Assert.Null(await agent.RegisterAsync("db"));
        await using var client = await Forward(server);

        var stream = await Open(client, "db");
        var broken = await Assert.ThrowsAsync<StreamException>(() => ReadToEnd(stream));

        Assert.Equal(StreamError.ServiceReset, broken.Error);
    }

    [Fact]
    public async Task Open_ClientResets_ServiceSeesAReset()
    {
        var seen = new TaskCompletionSource<StreamError>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TestServer.StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: async stream =>
        {
            try
            {
                await ReadToEnd(stream);
                seen.SetResult(StreamError.None);
            }
            catch (StreamException e)
            {
                seen.SetResult(e.Error);
            }
        });
        Assert.Null(await agent.RegisterAsync("db"));
        await using var client = await Forward(server);

        (await Open(client, "db")).Abort(StreamError.Cancelled);

        Assert.Equal(StreamError.Cancelled, await seen.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Open_SilentLongerThanAllowed_IsReset()
    {
        await using var server = await TestServer.StartAsync(o => o.Proxy.StreamIdleTimeout = TimeSpan.FromMilliseconds(200));
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: TestAgent.EchoAsync);
        Assert.Null(await agent.RegisterAsync("db"));
        await using var client = await Forward(server);

        var stream = await Open(client, "db");
        var broken = await Assert.ThrowsAsync<StreamException>(() => ReadToEnd(stream));

        Assert.Equal(StreamError.IdleTimeout, broken.Error);
    }

    [Theory]
    [InlineData("nobody", "Nobody listens")]
    [InlineData("web", "not TCP")]
    [InlineData("-x-", "no endpoint ID")]
    public async Task Open_WhatIsNoTcpEndpoint_IsRefusedInWords(string endpoint, string words)
    {
        await using var server = await TestServer.StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        Assert.Null(await agent.RegisterAsync("web", EndpointProtocol.Http));
        await using var client = await Forward(server);

        var refused = await Assert.ThrowsAsync<StreamException>(() => Open(client, endpoint));

        Assert.Equal(StreamError.UnknownEndpoint, refused.Error);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_FirstAgentRefuses_TriesTheOther()
    {
        await using var server = await TestServer.StartAsync();
        await using var broken = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        broken.Handler.AutoAccept = false;
        broken.Handler.Serve = stream =>
        {
            stream.Refuse(StreamError.ServiceUnreachable, "connection refused");
            return Task.CompletedTask;
        };
        await using var good = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: TestAgent.EchoAsync);
        Assert.Null(await broken.RegisterAsync("db"));
        Assert.Null(await good.RegisterAsync("db"));
        await using var client = await Forward(server);

        for (var i = 0; i < 20; i++)
        {
            var stream = await Open(client, "db");
            stream.CompleteOutput();
            Assert.Empty(await ReadToEnd(stream));
        }

        var status = await server.StatusAsync();
        Assert.Equal(["ejected", "open"], status.Endpoints[0].Upstreams.Select(u => u.State).Order());
    }

    [Fact]
    public async Task Register_OnAForwardTunnel_IsRefused()
    {
        await using var server = await TestServer.StartAsync();
        await using var client = await Forward(server);

        Assert.NotNull(await client.RegisterAsync("db"));
        Assert.Empty((await server.StatusAsync()).Endpoints);
    }

    [Fact]
    public async Task Stop_WhileAConnectionRuns_LetsItFinishAndRefusesNewOnes()
    {
        await using var server = await TestServer.StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: TestAgent.EchoAsync);
        Assert.Null(await agent.RegisterAsync("db"));
        await using var client = await Forward(server);
        var stream = await Open(client, "db");

        var stopping = server.Server.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(TunnelError.Draining, (await client.Handler.GoneAway.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).Reason);
        Assert.Equal(TunnelError.Draining, (await agent.Handler.GoneAway.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).Reason);
        Assert.False(stopping.IsCompleted);
        await Assert.ThrowsAsync<StreamException>(() => Open(client, "db"));

        await stream.WriteAsync(Encoding.ASCII.GetBytes("to the end"), TestContext.Current.CancellationToken);
        stream.CompleteOutput();
        Assert.Equal("to the end", Encoding.ASCII.GetString(await ReadToEnd(stream)));
        await stopping.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal(TunnelError.Draining, (await agent.Tunnel.Completion).Error);
    }

    private static Task<TestAgent> Forward(TestServer server) => TestAgent.ConnectAsync(server.Server.ProxyAddress, path: "/pico/v1/forward");

    private static async Task<TunnelStream> Open(TestAgent client, string endpoint) => await client.Tunnel.OpenAsync(
        new StreamOpen { EndpointId = endpoint, Protocol = EndpointProtocol.Tcp }, TestContext.Current.CancellationToken);

    private static async Task<byte[]> ReadToEnd(TunnelStream stream)
    {
        var all = new ArrayBufferWriter<byte>();
        while (true)
        {
            var result = await stream.Input.ReadAsync(TestContext.Current.CancellationToken);
            foreach (var segment in result.Buffer)
                all.Write(segment.Span);
            stream.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                return all.WrittenSpan.ToArray();
        }
    }
}
