using System.Net;
using System.Net.Sockets;

namespace Pico.IntegrationTests.Fixtures;

/// <summary>
/// Clients that send a request's head a byte a second, and begin anew when they are cut off: the attack called slowloris. They come from
/// an address of their own.
/// </summary>
internal sealed class SlowClients : IAsyncDisposable
{
    private const int Steps = 20; // of a second: bursts would be another attack

    private static readonly IPAddress Source = IPAddress.Parse("127.0.0.2");
    private static readonly byte[] Head = [.. "GET / HTTP/1.1\r\nHost: a.example\r\nx-endless: "u8];

    private readonly CancellationTokenSource _stop = new();
    private readonly (Socket? Socket, int Sent)[] _clients;
    private readonly Uri _server;
    private readonly Task _running;
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _connects;

    private SlowClients(Uri server, int count)
    {
        _server = server;
        _clients = new (Socket?, int)[count];
        _running = Task.Run(RunAsync);
    }

    /// <summary>How often one of them connected.</summary>
    public int Connects => Volatile.Read(ref _connects);

    /// <summary>Starts <paramref name="count"/> clients and returns when all have connected once.</summary>
    public static async Task<SlowClients> StartAsync(Uri server, int count)
    {
        var clients = new SlowClients(server, count);
        await clients._begun.Task.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, TestContext.Current.CancellationToken);
        return clients;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        foreach (var (socket, _) in _clients)
            socket?.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / Steps), TimeProvider.System);
        try
        {
            for (var step = 0; ; step++)
            {
                for (var i = step % Steps; i < _clients.Length; i += Steps)
                    Step(ref _clients[i]);
                if (step == Steps)
                    _begun.TrySetResult();
                await timer.WaitForNextTickAsync(_stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
        catch (Exception e)
        {
            _begun.TrySetException(e);
        }
    }

    private void Step(ref (Socket? Socket, int Sent) client)
    {
        if (client.Socket is null)
        {
            client = (new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }, 0);
            client.Socket.Bind(new IPEndPoint(Source, 0));
            client.Socket.Connect(IPAddress.Loopback, _server.Port);
            client.Socket.Blocking = false;
            Interlocked.Increment(ref _connects);
        }

        var next = client.Sent < Head.Length ? Head[client.Sent] : (byte)'a';
        client.Socket.Send([next], SocketFlags.None, out var error);
        client.Sent++;
        if (error is SocketError.Success or SocketError.WouldBlock && !IsOver(client.Socket))
            return;
        client.Socket.Dispose();
        client.Socket = null;
    }

    private static bool IsOver(Socket socket) =>
        socket.Available > 0 || (socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0);
}
