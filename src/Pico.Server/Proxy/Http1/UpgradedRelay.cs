using System.Buffers;
using System.IO.Pipelines;
using Pico.Server.Observing;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Proxy.Http1;

/// <summary>
/// Passes bytes both ways after a 101. The client's half-close is passed on. The service's ends the connection, since a client's connection cannot
/// be half-closed from here; what the service sent before arrives.
/// </summary>
internal sealed class UpgradedRelay(IDuplexPipe client, TunnelStream stream, RequestWatch watch, Action onProgress)
{
    private volatile bool _stops;
    private volatile bool _clientBroke;

    /// <summary>Returns at the orderly end of the service's bytes. Throws <see cref="StreamException"/> when the service broke, another exception when the client did.</summary>
    public async Task RunAsync()
    {
        var up = SendUpAsync();
        try
        {
            while (true)
            {
                var read = await stream.Input.ReadAsync();
                var piece = read.Buffer.Length > ResponseRelay.MaxPiece ? read.Buffer.Slice(0, ResponseRelay.MaxPiece) : read.Buffer;
                foreach (var segment in piece)
                    client.Output.Write(segment.Span);
                watch.AddOut(piece.Length);
                var isLast = read.IsCompleted && piece.Length == read.Buffer.Length;
                stream.Input.AdvanceTo(piece.End);
                var flush = await client.Output.FlushAsync();
                if (flush.IsCompleted)
                    throw new IOException("The client is gone.");
                if (isLast)
                    break;
                onProgress();
            }
        }
        catch (StreamException e) when (_clientBroke)
        {
            throw new IOException("The client's connection broke.", e);
        }
        finally
        {
            _stops = true;
            stream.Abort(StreamError.Cancelled);
            client.Input.CancelPendingRead();
            await up;
        }
    }

    private async Task SendUpAsync()
    {
        try
        {
            while (!_stops)
            {
                var read = await client.Input.ReadAsync();
                if (!read.Buffer.IsEmpty)
                    await stream.WriteAsync(read.Buffer);
                watch.AddIn(read.Buffer.Length);
                client.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    stream.CompleteOutput();
                    return;
                }

                onProgress();
            }
        }
        catch (StreamException)
        {
            // The reading side sees the same, and says it.
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            _clientBroke = true;
            stream.Abort(StreamError.Cancelled);
        }
    }
}
