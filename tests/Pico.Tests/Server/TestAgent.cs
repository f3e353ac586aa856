using System.Net;
using System.Net.WebSockets;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Tests.Tunnel;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server;

/// <summary>A tunnel's client on a real WebSocket, without anything that an agent does on its own.</summary>
internal sealed class TestAgent : IAsyncDisposable
{
    private uint _registrations;

    private TestAgent(TunnelConnection tunnel, TestHandler handler) => (Tunnel, Handler) = (tunnel, handler);

    public TunnelConnection Tunnel { get; }

    public TestHandler Handler { get; }

    public static async Task<TestAgent> ConnectAsync(IPEndPoint server, TunnelHello? hello = null, string path = "/pico/v1/tunnel", Func<TunnelStream, Task>? serve = null, string? token = null)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("pico.v1");
        socket.Options.CollectHttpResponseDetails = true;
        if (token is not null)
            socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        await socket.ConnectAsync(new Uri($"ws://{server}{path}"), TestContext.Current.CancellationToken);
        var handler = new TestHandler { Serve = serve };
        var tunnel = await TunnelConnection.ConnectAsync(
            new FrameworkWebSocketTransport(socket),
            hello ?? new TunnelHello { Id = "agent-1", Name = "test", Software = "test/1" },
            handler,
            TunnelOptions.Default,
            TimeProvider.System,
            NullLogger.Instance,
            TestContext.Current.CancellationToken);
        tunnel.Start();
        return new TestAgent(tunnel, handler);
    }

    /// <summary>Registers and gives the refusal, null if there is none.</summary>
    public Task<string?> RegisterAsync(string endpoint, EndpointProtocol protocol = EndpointProtocol.Tcp) => Tunnel.RegisterAsync(
        new Registration { Id = ++_registrations, EndpointId = endpoint, Protocol = protocol }, TestContext.Current.CancellationToken);

    /// <summary>Sends back what comes, then half-closes.</summary>
    public static async Task EchoAsync(TunnelStream stream)
    {
        await using (stream)
        {
            while (true)
            {
                var result = await stream.Input.ReadAsync();
                await stream.WriteAsync(result.Buffer);
                stream.Input.AdvanceTo(result.Buffer.End);
                if (!result.IsCompleted)
                    continue;
                stream.CompleteOutput();
                return;
            }
        }
    }

    public ValueTask DisposeAsync() => Tunnel.DisposeAsync();
}
