namespace Pico.Tunnel.Transports;

/// <summary>A tunnel over any byte stream: TCP, TLS, or pipes in memory. Takes ownership of <paramref name="stream"/>.</summary>
public sealed class StreamTransport(Stream stream, string remoteAddress) : TunnelTransport
{
    /// <inheritdoc/>
    public override string RemoteAddress { get; } = remoteAddress;

    /// <inheritdoc/>
    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => stream.ReadAsync(buffer);

    /// <inheritdoc/>
    public override ValueTask SendAsync(Memory<byte> batch) => stream.WriteAsync(batch[Headroom..]);

    /// <inheritdoc/>
    public override async ValueTask CloseAsync(TimeSpan deadline)
    {
        try
        {
            await stream.FlushAsync().WaitAsync(deadline, TimeProvider.System);
        }
        catch (Exception e) when (e is IOException or TimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection is gone or the peer does not read: there is nobody to say it to.
        }
    }

    /// <inheritdoc/>
    public override void Abort() => stream.Dispose();

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => stream.DisposeAsync();
}
