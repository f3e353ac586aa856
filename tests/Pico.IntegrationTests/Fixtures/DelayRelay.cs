using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Pico.IntegrationTests.Fixtures;

/// <summary>
/// A long path in user space: a TCP relay whose every direction has a delay and a rate. Each piece gets the time at which the last of it would
/// leave such a line, so lateness of a timer delays one piece and never adds up. A direction holds what the line itself would and a
/// short queue before it; beyond that, and when the receiver does not take what arrives, the sender is held up.
/// </summary>
internal sealed class DelayRelay : IAsyncDisposable
{
    private const int PieceSize = 128 * 1024;

    private static readonly TimeSpan QueueTime = TimeSpan.FromMilliseconds(5);

    private readonly TimeProvider _time = TimeProvider.System;
    private readonly CancellationTokenSource _stop = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<Task> _links = [];
    private readonly IPEndPoint _target;
    private readonly TimeSpan _delay;
    private readonly long _bytesPerSecond;
    private readonly Task _accepting;

    private DelayRelay(int targetPort, TimeSpan oneWay, long bytesPerSecond)
    {
        _target = new(IPAddress.Loopback, targetPort);
        _delay = oneWay;
        _bytesPerSecond = bytesPerSecond;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where the relay listens.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>A line to <paramref name="targetPort"/> on this machine.</summary>
    public static DelayRelay Start(int targetPort, TimeSpan roundTrip, long bitsPerSecond) => new(targetPort, roundTrip / 2, bitsPerSecond / 8);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_links);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _links.Add(RelayAsync(await _listener.AcceptSocketAsync(_stop.Token)));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task RelayAsync(Socket near)
    {
        using (near)
        using (var far = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            try
            {
                near.NoDelay = far.NoDelay = true;
                await far.ConnectAsync(_target, _stop.Token);
                await Task.WhenAll(DirectionAsync(near, far), DirectionAsync(far, near));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One side broke: both connections have ended.
            }
        }
    }

    private async Task DirectionAsync(Socket from, Socket to)
    {
        var capacity = Math.Max(16, (int)(4 * _delay.TotalSeconds * _bytesPerSecond / PieceSize));
        var line = Channel.CreateBounded<Piece>(capacity);
        await Task.WhenAll(BreakBothOnFailure(ReceiveAsync(from, line.Writer)), BreakBothOnFailure(SendAsync(line.Reader, to)));

        async Task BreakBothOnFailure(Task task)
        {
            try
            {
                await task;
            }
            catch
            {
                from.Close(0);
                to.Close(0);
                line.Writer.TryComplete();
                throw;
            }
        }
    }

    private async Task ReceiveAsync(Socket from, ChannelWriter<Piece> line)
    {
        var lineFree = _time.GetTimestamp();
        while (true)
        {
            // A sender that is faster than the line waits here, as before a full router; so the queue adds little to the delay.
            await WaitAsync(lineFree - (long)(QueueTime.TotalSeconds * _time.TimestampFrequency));
            await from.ReceiveAsync(Memory<byte>.Empty, _stop.Token);
            var buffer = ArrayPool<byte>.Shared.Rent(PieceSize);
            var count = await from.ReceiveAsync(buffer, _stop.Token);
            lineFree = Math.Max(lineFree, _time.GetTimestamp()) + (count * _time.TimestampFrequency / _bytesPerSecond);
            await line.WriteAsync(new(buffer, count, lineFree + (long)(_delay.TotalSeconds * _time.TimestampFrequency)), _stop.Token);
            if (count == 0)
                break;
        }

        line.Complete();
    }

    private async Task SendAsync(ChannelReader<Piece> line, Socket to)
    {
        await foreach (var piece in line.ReadAllAsync(_stop.Token))
        {
            await WaitAsync(piece.Due);
            if (piece.Count == 0)
                to.Shutdown(SocketShutdown.Send);
            for (var sent = 0; sent < piece.Count;)
                sent += await to.SendAsync(piece.Buffer.AsMemory(sent, piece.Count - sent), _stop.Token);
            ArrayPool<byte>.Shared.Return(piece.Buffer);
        }
    }

    private async ValueTask WaitAsync(long timestamp)
    {
        var wait = _time.GetElapsedTime(_time.GetTimestamp(), timestamp);
        if (wait >= TimeSpan.FromMilliseconds(1))
            await Task.Delay(wait, _time, _stop.Token);
    }

    /// <summary>Bytes on the line, and when (a timestamp) the last of them arrives; none of them is the end.</summary>
    private readonly record struct Piece(byte[] Buffer, int Count, long Due);
}
