using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Tests.Tunnel;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Agent;

/// <summary>A node as agents see it: a port on loopback that takes WebSocket upgrades and real tunnels.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly Task _accepting;

    public TestNode(string id = "node-1", int port = 0)
    {
        Id = id;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Id { get; }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Speaks TLS with agents if set.</summary>
    public SslServerAuthenticationOptions? Tls { get; init; }

    public Uri Url => new($"{(Tls is null ? "ws" : "wss")}://127.0.0.1:{Port}");

    /// <summary>The status line's code that upgrades are answered with; 101 lets them in.</summary>
    public string Answer { get; set; } = "101 Switching Protocols";

    /// <summary>Why to refuse a registration, or null.</summary>
    public Func<Registration, string?> Judge { get; set; } = _ => null;

    /// <summary>The heads of the requests, as they came.</summary>
    public Channel<string> Requests { get; } = Channel.CreateUnbounded<string>();

    public Channel<TunnelHello> Hellos { get; } = Channel.CreateUnbounded<TunnelHello>();

    public Channel<(TunnelConnection Tunnel, TestHandler Handler)> Tunnels { get; } = Channel.CreateUnbounded<(TunnelConnection, TestHandler)>();

    public async Task<(TunnelConnection Tunnel, TestHandler Handler)> NextTunnelAsync(CancellationToken cancellationToken) =>
        await Tunnels.Reader.ReadAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        while (Tunnels.Reader.TryRead(out var opened))
            await opened.Tunnel.DisposeAsync();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptSocketAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Over.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            Stream stream = Tls is null ? new NetworkStream(socket, ownsSocket: true) : await TestTls.AcceptAsync(socket, Tls);
            var head = await ReadHeadAsync(stream);
            var key = head.Split("Sec-WebSocket-Key: ")[1].Split("\r\n")[0];
            Requests.Writer.TryWrite(head);
            if (!Answer.StartsWith("101", StringComparison.Ordinal))
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {Answer}\r\nContent-Length: 0\r\n\r\n"));
                await stream.DisposeAsync();
                return;
            }

#pragma warning disable CA5350 // RFC 6455 section 4.2.2.
            var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                $"HTTP/1.1 {Answer}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: pico.v1\r\n\r\n"));
            var handler = new TestHandler { Judge = Judge };
            var transport = new FrameworkWebSocketTransport(
                WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true, KeepAliveInterval = TimeSpan.Zero }));
            var tunnel = await TunnelConnection.AcceptAsync(
                transport, new TunnelHello { Id = Id, Name = Id }, NoteAndAdmit, handler, TunnelOptions.Default, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
            tunnel.Start();
            Tunnels.Writer.TryWrite((tunnel, handler));
        }
        catch (IOException)
        {
            // The agent went away or was not admitted.
        }
    }

    private TunnelEnd? NoteAndAdmit(TunnelHello hello)
    {
        Hellos.Writer.TryWrite(hello);
        return hello.HeldNodes.Contains(Id) && !hello.AcceptsDuplicate ? new TunnelEnd(TunnelError.Duplicate, "held already") : null;
    }

    /// <summary>Reads a head of HTTP/1 and nothing of what follows.</summary>
    public static async Task<string> ReadHeadAsync(Stream stream)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (!head.TakeLast(4).SequenceEqual("\r\n\r\n"u8.ToArray()))
        {
            if (await stream.ReadAsync(one) == 0)
                throw new IOException("closed");
            head.Add(one[0]);
        }

        return Encoding.ASCII.GetString([.. head]);
    }
}
