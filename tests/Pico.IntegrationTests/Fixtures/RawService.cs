using System.Net;
using System.Net.Sockets;

namespace Pico.IntegrationTests.Fixtures;

/// <summary>A TCP service that does exactly what the test's script says, byte for byte.</summary>
internal sealed class RawService : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly Func<RawConnection, int, Task> _script;
    private readonly List<Task> _connections = [];
    private readonly Task _accepting;
    private int _count;

    private RawService(IPEndPoint address, Func<RawConnection, int, Task> script)
    {
        _script = script;
        _listener = new(address);
        _listener.Start(backlog: 512);
        _accepting = AcceptAsync();
    }

    /// <summary>The port that it listens on.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many connections have come so far.</summary>
    public int Connections => Volatile.Read(ref _count);

    /// <summary>Runs <paramref name="script"/> for each connection; it is closed when the script ends.</summary>
    public static RawService Start(Func<RawConnection, Task> script, int port = 0) => Start(script, new IPEndPoint(IPAddress.Loopback, port));

    /// <summary>As <see cref="Start(Func{RawConnection, Task}, int)"/>, at an address.</summary>
    public static RawService Start(Func<RawConnection, Task> script, IPEndPoint address) => new(address, (connection, _) => script(connection));

    /// <summary>As <see cref="Start(Func{RawConnection, Task}, int)"/>, with the connection's number, from 1.</summary>
    public static RawService Start(Func<RawConnection, int, Task> script) => new(new IPEndPoint(IPAddress.Loopback, 0), script);

    /// <summary>Answers every request without a body with <paramref name="response"/>, on kept connections.</summary>
    public static RawService Answering(string response) => Start(async connection =>
    {
        while (true)
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(response);
        }
    });

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _connections.Add(ServeAsync(await _listener.AcceptSocketAsync()));
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            // The listener was stopped: the test is over, and its connections with it.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        socket.NoDelay = true;
        await using var connection = new RawConnection(socket);
        try
        {
            await _script(connection, Interlocked.Increment(ref _count));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The peer has ended the connection; what it should have seen is asserted at the other end.
        }
    }
}
