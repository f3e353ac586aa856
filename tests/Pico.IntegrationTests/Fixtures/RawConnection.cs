using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Pico.IntegrationTests.Fixtures;

/// <summary>One side of a TCP connection of which the test says and sees every byte. Text is Latin-1, one character per byte.</summary>
internal sealed class RawConnection(Socket socket) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly NetworkStream _stream = new(socket, ownsSocket: true);
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    /// <summary>Connects to <paramref name="address"/>.</summary>
    public static async Task<RawConnection> ConnectAsync(Uri address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var deadline = Deadline.After(Patience);
        await socket.ConnectAsync(IPAddress.Loopback, address.Port, deadline.Token);
        return new(socket);
    }

    /// <summary>Sends text.</summary>
    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Sends bytes.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var deadline = Deadline.After(Patience);
        await _stream.WriteAsync(bytes, deadline.Token);
    }

    /// <summary>Half-closes.</summary>
    public void EndSending() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Breaks the connection with a TCP reset.</summary>
    public void Reset() => socket.Close(0);

    /// <summary>Reads up to and including the empty line: a request's or response's head.</summary>
    public Task<string> ReadHeadAsync() => ReadToAsync("\r\n\r\n");

    /// <summary>Reads up to and including <paramref name="mark"/>; throws <see cref="EndOfStreamException"/> if the peer ends before.</summary>
    public async Task<string> ReadToAsync(string mark)
    {
        var bytes = Encoding.Latin1.GetBytes(mark);
        while (true)
        {
            var index = _buffer.AsSpan(_start, _end - _start).IndexOf(bytes);
            if (index >= 0)
                return Take(index + bytes.Length);
            if (!await FillAsync())
                throw new EndOfStreamException($"The peer ended before '{mark}'. It had sent: {Take(_end - _start)}");
        }
    }

    /// <summary>Reads <paramref name="count"/> bytes as text.</summary>
    public async Task<string> ReadTextAsync(int count)
    {
        while (_end - _start < count)
        {
            if (!await FillAsync())
                throw new EndOfStreamException($"The peer ended before {count} bytes. It had sent: {Take(_end - _start)}");
        }

        return Take(count);
    }

    /// <summary>Reads a chunked body and gives it with its trailer section (up to and including the last empty line).</summary>
    public async Task<(string Body, string Trailers)> ReadChunkedAsync()
    {
        var body = new StringBuilder();
        while (true)
        {
            var line = await ReadToAsync("\r\n");
            var size = Convert.ToInt32(line.Split(';')[0].Trim(), 16);
            if (size == 0)
                break;
            body.Append(await ReadTextAsync(size));
            Assert.Equal("\r\n", await ReadTextAsync(2));
        }

        var trailers = new StringBuilder();
        do
        {
            trailers.Append(await ReadToAsync("\r\n"));
        }
        while (!trailers.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && trailers.ToString() != "\r\n");
        return (body.ToString(), trailers.ToString());
    }

    /// <summary>Reads what comes next, at least one byte; 0 at the end.</summary>
    public async Task<int> ReadAsync(Memory<byte> buffer)
    {
        if (_end > _start)
        {
            var count = Math.Min(buffer.Length, _end - _start);
            _buffer.AsSpan(_start, count).CopyTo(buffer.Span);
            _start += count;
            return count;
        }

        using var deadline = Deadline.After(Patience);
        return await _stream.ReadAsync(buffer, deadline.Token);
    }

    /// <summary>Reads until the peer ends; throws <see cref="IOException"/> when it resets.</summary>
    public async Task<string> ReadToEndAsync()
    {
        while (await FillAsync())
        {
        }

        return Take(_end - _start);
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private string Take(int count)
    {
        var text = Encoding.Latin1.GetString(_buffer, _start, count);
        _start += count;
        return text;
    }

    private async Task<bool> FillAsync()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        using var deadline = Deadline.After(Patience);
        var read = await _stream.ReadAsync(_buffer.AsMemory(_end), deadline.Token);
        _end += read;
        return read > 0;
    }
}
