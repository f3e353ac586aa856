using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Pico.Tests.Cli.Status;

/// <summary>A port that answers every connection with the same bytes.</summary>
internal sealed class OtherServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private Task _running = Task.CompletedTask;

    public EndPoint Address => _listener.LocalEndpoint;

    public static OtherServer Start(string answer)
    {
        var server = new OtherServer();
        server._listener.Start();
        server._running = server.RunAsync(Encoding.ASCII.GetBytes(answer));
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _running;
    }

    private async Task RunAsync(byte[] answer)
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync();
                var stream = client.GetStream();
                _ = await stream.ReadAsync(new byte[4096]);
                await stream.WriteAsync(answer);
            }
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            // The listener has stopped, or the client went.
        }
    }
}
