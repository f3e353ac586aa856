using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace Pico.Tests.Agent;

/// <summary>An HTTP proxy that takes CONNECT to anything, and connects to one port on loopback instead.</summary>
internal sealed class TestProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public TestProxy()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Where every connection leads.</summary>
    public required int Target { get; init; }

    /// <summary>What CONNECT is answered with; only 200 leads anywhere.</summary>
    public string Answer { get; init; } = "200 OK";

    /// <summary>Speaks TLS with clients if set.</summary>
    public SslServerAuthenticationOptions? Tls { get; init; }

    /// <summary>The heads of the requests, as they came.</summary>
    public Channel<string> Requests { get; } = Channel.CreateUnbounded<string>();

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptSocketAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Over.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            await using Stream client = Tls is null ? new NetworkStream(socket, ownsSocket: true) : await TestTls.AcceptAsync(socket, Tls);
            Requests.Writer.TryWrite(await TestNode.ReadHeadAsync(client));
            await client.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {Answer}\r\nVia: test\r\n\r\n"));
            if (!Answer.StartsWith('2'))
                return;
            using var server = new TcpClient();
            await server.ConnectAsync(IPAddress.Loopback, Target);
            await Task.WhenAny(client.CopyToAsync(server.GetStream()), server.GetStream().CopyToAsync(client));
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // One of the two went away.
        }
    }
}
