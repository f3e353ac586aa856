using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Pico.Benchmarks.Targets;

namespace Pico.Benchmarks.Soak;

/// <summary>A request on a connection of its own, by a client that may be slow, or go away in the middle.</summary>
internal sealed class RawRequest : IDisposable
{
    private const int MaxHead = 16 * 1024;
    private const int Piece = 16 * 1024;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[MaxHead];

    /// <summary>The response's body without what <see cref="ReadAsync"/> took.</summary>
    public long Remaining { get; private set; }

    /// <summary>Connects and sends the head, with the length of a body if <paramref name="upload"/> is not 0.</summary>
    public static async Task<RawRequest> SendAsync(int port, string endpoint, string path, long upload, CancellationToken cancellation)
    {
        var request = new RawRequest();
        try
        {
            await request._socket.ConnectAsync(IPAddress.Loopback, port, cancellation);
            var head = $"{(upload > 0 ? "POST" : "GET")} {path} HTTP/1.1\r\nHost: soak.example\r\n{RunningTarget.EndpointHeader}: {endpoint}\r\nConnection: close\r\n"
                + (upload > 0 ? $"Content-Length: {upload}\r\n\r\n" : "\r\n");
            await request._socket.SendAsync(Encoding.ASCII.GetBytes(head), cancellation);
            return request;
        }
        catch
        {
            request.Dispose();
            throw;
        }
    }

    /// <summary>Sends a part of the body.</summary>
    public async Task SendBodyAsync(int bytes, CancellationToken cancellation) => await _socket.SendAsync(new byte[bytes], cancellation);

    /// <summary>Reads the response's head and gives its status; what came of the body with it is taken.</summary>
    public async Task<int> ReadHeadAsync(CancellationToken cancellation)
    {
        var length = 0;
        while (true)
        {
            var end = _buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (end >= 0)
            {
                var lines = Encoding.ASCII.GetString(_buffer, 0, end).Split("\r\n");
                var field = lines.FirstOrDefault(line => line.StartsWith("content-length:", StringComparison.OrdinalIgnoreCase)) ?? "content-length: 0";
                Remaining = long.Parse(field[(field.IndexOf(':', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture) - (length - end - 4);
                return int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture);
            }

            var count = await _socket.ReceiveAsync(_buffer.AsMemory(length), cancellation);
            if (count == 0)
                throw new IOException($"the connection ended after {length} bytes of a response's head");
            length += count;
        }
    }

    /// <summary>Takes up to <paramref name="bytes"/> of the body, a piece and then a pause at a time.</summary>
    public async Task ReadAsync(long bytes, TimeSpan pause, TimeProvider time, CancellationToken cancellation)
    {
        for (var left = Math.Min(bytes, Remaining); left > 0;)
        {
            var count = await _socket.ReceiveAsync(_buffer.AsMemory(0, (int)Math.Min(left, Piece)), cancellation);
            if (count == 0)
                throw new IOException($"the connection ended {Remaining} bytes before the end of a response");
            left -= count;
            Remaining -= count;
            if (pause > TimeSpan.Zero)
                await Task.Delay(pause, time, cancellation);
        }
    }

    /// <summary>Goes away with a TCP reset.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Close();
    }

    public void Dispose() => _socket.Dispose();
}
