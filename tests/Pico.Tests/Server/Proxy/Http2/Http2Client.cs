using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Pico.Tests.Server.Proxy.Http2;

/// <summary>A client of HTTP/2 that sends what the test says, byte by byte.</summary>
internal sealed class Http2Client : IDisposable
{
    // Small buffers: what the server sends and nobody reads comes back to it soon.
    private readonly TcpClient _client = new() { ReceiveBufferSize = 64 * 1024, NoDelay = true };
    private readonly CancellationTokenSource _patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public static async Task<Http2Client> ConnectAsync(IPEndPoint server)
    {
        var client = new Http2Client();
        client._patience.CancelAfter(TimeSpan.FromSeconds(60));
        await client._client.ConnectAsync(server, client._patience.Token);
        await client.SendAsync(Http2Frames.Preface);
        return client;
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _client.GetStream().WriteAsync(bytes, _patience.Token);

    public Task SendAsync(Http2Type type, byte flags, int stream, ReadOnlySpan<byte> payload) => SendAsync(Http2Frames.Frame(type, flags, stream, payload));

    /// <summary>Sends a request's head in one HEADERS frame.</summary>
    public Task SendHeadAsync(int stream, IEnumerable<(string, string)> fields, bool endStream) => SendAsync(
        Http2Type.Headers, (byte)(Http2Frames.EndHeaders | (endStream ? Http2Frames.EndStream : 0)), stream, Http2Frames.Block(fields));

    /// <summary>The next frame; null when the server closed or reset the connection.</summary>
    public async Task<Http2Frame?> ReadAsync()
    {
        try
        {
            var head = new byte[9];
            await _client.GetStream().ReadExactlyAsync(head, _patience.Token);
            var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(head) >> 8];
            await _client.GetStream().ReadExactlyAsync(payload, _patience.Token);
            return new((Http2Type)head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)), payload);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>
    /// What becomes of <paramref name="stream"/>: its status, <c>reset N</c>, or for the whole connection <c>goaway N</c> (RFC 9113 section 7) or <c>closed</c>.
    /// </summary>
    public async Task<string> OutcomeAsync(int stream)
    {
        while (true)
        {
            switch (await ReadAsync())
            {
                case null:
                    return "closed";
                case { Type: Http2Type.Settings, Flags: 0 }:
                    await AcknowledgeAsync();
                    break;
                case { Type: Http2Type.Headers } head when head.Stream == stream && Http2Frames.Status(head.Payload) is var status && status is not "100":
                    return status; // 100 comes or not, as the body is late or not
                case { Type: Http2Type.RstStream } reset when reset.Stream == stream:
                    return $"reset {BinaryPrimitives.ReadInt32BigEndian(reset.Payload)}";
                case { Type: Http2Type.GoAway } end:
                    return $"goaway {BinaryPrimitives.ReadInt32BigEndian(end.Payload.AsSpan(4))}";
            }
        }
    }

    private async Task AcknowledgeAsync()
    {
        try
        {
            await SendAsync(Http2Type.Settings, Http2Frames.EndStream, 0, []);
        }
        catch (IOException)
        {
            // The server has closed the connection already: what it said before is still to be read.
        }
    }

    /// <summary>
    /// Sends <paramref name="flood"/> again and again without reading anything, <paramref name="megabytes"/> at the most. True when the server put an end to it: it closed
    /// the connection, or takes no more.
    /// </summary>
    public async Task<bool> FloodAsync(byte[] flood, int megabytes)
    {
        for (var sent = 0L; sent < megabytes * 1024L * 1024; sent += flood.Length)
        {
            using var stall = CancellationTokenSource.CreateLinkedTokenSource(_patience.Token);
            stall.CancelAfter(TimeSpan.FromSeconds(3));
            try
            {
                await _client.GetStream().WriteAsync(flood, stall.Token);
            }
            catch (Exception e) when (e is IOException || (e is OperationCanceledException && !_patience.IsCancellationRequested))
            {
                return true;
            }
        }

        return false;
    }

    public void Dispose()
    {
        _client.Dispose();
        _patience.Dispose();
    }
}
