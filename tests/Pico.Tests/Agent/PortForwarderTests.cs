using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Agent;
using Pico.Agent.Forward;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Agent;

/// <summary>A forwarder against a node whose handler serves the streams.</summary>
public sealed class PortForwarderTests : IAsyncDisposable
{
    private readonly CancellationTokenSource _soon = new(TimeSpan.FromSeconds(20), TimeProvider.System);
    private readonly CancellationTokenSource _stop = new();
    private readonly TestNode _node = new();
    private readonly PortForwarder _forwarder;
    private readonly Task _run;

    public PortForwarderTests()
    {
        var options = new PortForwarderOptions { EndpointId = "DB", Server = _node.Url, GracePeriod = TimeSpan.FromSeconds(5) };
        _forwarder = new PortForwarder(options, NullLoggerFactory.Instance, TimeProvider.System);
        _run = _forwarder.RunAsync(_stop.Token);
    }

    [Fact]
    public async Task Connection_BecomesAStreamForTheEndpoint_WithHalfCloseBothWays()
    {
        using var client = await ConnectAsync();
        var (_, handler) = await _node.NextTunnelAsync(_soon.Token);
        var (stream, open) = await handler.Opened.Reader.ReadAsync(_soon.Token);

        await client.SendAsync("question"u8.ToArray(), _soon.Token);
        client.Shutdown(SocketShutdown.Send);
        using var reader = new StreamReader(stream.Input.AsStream());
        Assert.Equal("question", await reader.ReadToEndAsync(_soon.Token));
        await stream.WriteAsync("answer"u8.ToArray(), _soon.Token);
        stream.CompleteOutput();

        Assert.Equal(("db", EndpointProtocol.Tcp), (open.EndpointId, open.Protocol));
        Assert.Equal("answer", await ReadToEndAsync(client));
        Assert.Contains("GET /pico/v1/forward HTTP/1.1\r\n", await _node.Requests.Reader.ReadAsync(_soon.Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SecondConnection_UsesTheSameTunnel_AndALostOneIsOpenedAgain()
    {
        using var first = await ConnectAsync();
        var (tunnel, handler) = await _node.NextTunnelAsync(_soon.Token);
        await handler.Opened.Reader.ReadAsync(_soon.Token);
        using var second = await ConnectAsync();
        await handler.Opened.Reader.ReadAsync(_soon.Token);

        await tunnel.CloseAsync(TunnelError.Internal, "broken on purpose");
        await Assert.ThrowsAsync<SocketException>(() => ReadToEndAsync(first));
        using var third = await ConnectAsync();
        var (_, again) = await _node.NextTunnelAsync(_soon.Token);

        Assert.Equal("db", (await again.Opened.Reader.ReadAsync(_soon.Token)).Open.EndpointId);
    }

    [Fact]
    public async Task RefusedConnection_IsReset()
    {
        _node.Answer = "401 Unauthorized";

        var failure = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using var client = await ConnectAsync();
            await ReadToEndAsync(client);
        });

        Assert.Equal(SocketError.ConnectionReset, failure.SocketErrorCode);
    }

    [Fact]
    public async Task Stop_LetsConnectionsFinish()
    {
        using var client = await ConnectAsync();
        var (tunnel, handler) = await _node.NextTunnelAsync(_soon.Token);
        var (stream, _) = await handler.Opened.Reader.ReadAsync(_soon.Token);

        await stream.WriteAsync("early"u8.ToArray(), _soon.Token);
        Assert.Equal(5, await client.ReceiveAsync(new byte[5], _soon.Token));

        await _stop.CancelAsync();
        await stream.WriteAsync("late"u8.ToArray(), _soon.Token);
        stream.CompleteOutput();
        Assert.Equal("late", await ReadToEndAsync(client));
        client.Shutdown(SocketShutdown.Send);

        await _run.WaitAsync(_soon.Token);
        Assert.Equal(TunnelError.None, (await tunnel.Completion.WaitAsync(_soon.Token)).Error);
    }

    [Theory]
    [InlineData("5432", "127.0.0.1:5432")]
    [InlineData("0.0.0.0:5432", "0.0.0.0:5432")]
    [InlineData("[::1]:0", "[::1]:0")]
    [InlineData(":5432", "[::]:5432")]
    public void ListenAddress_InEveryForm_IsRead(string text, string expected)
    {
        Assert.True(PortForwarderOptions.TryParseListen(text, out var listen));

        Assert.Equal(expected, listen.ToString());
    }

    [Fact]
    public void WrongOptions_AreRefusedAllAtOnce()
    {
        var options = new PortForwarderOptions { EndpointId = "-", Server = new Uri("ftp://host") };

        var refused = Assert.Throws<AgentConfigurationException>(() => new PortForwarder(options, NullLoggerFactory.Instance, TimeProvider.System));

        Assert.Equal(2, refused.Errors.Count);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _node.DisposeAsync();
        await _run;
        await _forwarder.DisposeAsync();
        _stop.Dispose();
        _soon.Dispose();
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_forwarder.LocalAddress, _soon.Token);
        return socket;
    }

    private async Task<string> ReadToEndAsync(Socket socket)
    {
        var text = new StringBuilder();
        var buffer = new byte[1024];
        while (await socket.ReceiveAsync(buffer, _soon.Token) is > 0 and var received)
            text.Append(Encoding.ASCII.GetString(buffer, 0, received));
        return text.ToString();
    }
}
