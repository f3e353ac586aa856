using System.Net;
using System.Net.Sockets;
using System.Text;
using Pico.Benchmarks.Targets;

namespace Pico.Benchmarks.Scale.Processes;

/// <summary>A client's WebSocket: upgraded, and silent until it is asked whether it lives.</summary>
internal sealed class LongStream : IDisposable
{
    private const int MaxHead = 4096;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Socket _socket;

    private LongStream(Socket socket) => _socket = socket;

    /// <summary>Connects from the address <paramref name="source"/> to the proxy port on loopback, and upgrades.</summary>
    public static async Task<LongStream> OpenAsync(IPAddress source, int port, string endpoint, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            timeout.CancelAfter(Patience);
            socket.Bind(new IPEndPoint(source, 0));
            await socket.ConnectAsync(IPAddress.Loopback, port, timeout.Token);
            var key = Convert.ToBase64String(Guid.NewGuid().ToByteArray());
            await socket.SendAsync(Encoding.ASCII.GetBytes(
                $"GET /echo HTTP/1.1\r\nHost: bench\r\n{RunningTarget.EndpointHeader}: {endpoint}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + $"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"), timeout.Token);
            var head = await ReadHeadAsync(socket, timeout.Token);
            if (!head.StartsWith("HTTP/1.1 101 ", StringComparison.Ordinal))
                throw new BenchmarkException($"A WebSocket of {endpoint} was answered: {head}");
            return new LongStream(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends something and waits for it to come back; throws if it does not.</summary>
    public async Task CheckAsync(CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(Patience);
        // A masked binary frame of 8 bytes; the service gives back what comes, as it comes.
        byte[] sent = [0x82, 0x88, 1, 2, 3, 4, .. Guid.NewGuid().ToByteArray().AsSpan(0, 8)];
        await _socket.SendAsync(sent, timeout.Token);
        var received = new byte[sent.Length];
        for (var count = 0; count < received.Length;)
        {
            var part = await _socket.ReceiveAsync(received.AsMemory(count), timeout.Token);
            if (part == 0)
                throw new BenchmarkException("A WebSocket was closed.");
            count += part;
        }

        if (!received.AsSpan().SequenceEqual(sent))
            throw new BenchmarkException("A WebSocket gave back something else than was sent.");
    }

    public void Dispose() => _socket.Dispose();

    private static async Task<string> ReadHeadAsync(Socket socket, CancellationToken cancellation)
    {
        var buffer = new byte[MaxHead];
        var length = 0;
        while (length < buffer.Length)
        {
            var count = await socket.ReceiveAsync(buffer.AsMemory(length), cancellation);
            length += count;
            if (count == 0 || buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) >= 0)
                break;
        }

        return Encoding.ASCII.GetString(buffer, 0, length);
    }
}
