using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Pico.Agent.Endpoints;

namespace Pico.Tests.Agent;

/// <summary>A service on loopback; the test has the accepted sockets.</summary>
internal sealed class TestService : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public TestService()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>What to do with each connection; without it the test takes them from <see cref="Connections"/>.</summary>
    public Func<Socket, Task>? Serve { get; init; }

    public Channel<Socket> Connections { get; } = Channel.CreateUnbounded<Socket>();

    public EndpointSpec Spec(string id = "echo") => new() { Id = id, Protocol = Pico.Tunnel.Protocol.EndpointProtocol.Tcp, Host = "127.0.0.1", Port = Port };

    /// <summary>Sends back what it gets, and half-closes after the peer did.</summary>
    public static async Task EchoAsync(Socket socket)
    {
        var buffer = new byte[16 * 1024];
        // Memory, not an array: those overloads allocate nothing.
        while (await socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None) is > 0 and var received)
            await socket.SendAsync(buffer.AsMemory(0, received), SocketFlags.None);
        socket.Shutdown(SocketShutdown.Send);
    }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync();
                socket.NoDelay = true;
                if (Serve is { } serve)
                    _ = serve(socket);
                else
                    Connections.Writer.TryWrite(socket);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Over.
        }
    }
}
