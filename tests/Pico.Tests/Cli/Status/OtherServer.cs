using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Pico.Tests.Cli.Status;

/// <summary>A port that answers every connection with the same bytes.</summary>
internal sealed class OtherServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
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
        await _stopping.CancelAsync();
        await _running;
        _listener.Dispose();
        _stopping.Dispose();
    }

    private async Task RunAsync(byte[] answer)
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_stopping.Token);
                var stream = client.GetStream();
                _ = await stream.ReadAsync(new byte[4096], _stopping.Token);
                await stream.WriteAsync(answer, _stopping.Token);
            }
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            // The listener has stopped, or the client went.
        }
    }
}
