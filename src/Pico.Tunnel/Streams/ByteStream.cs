namespace Pico.Tunnel.Streams;

/// <summary>A tunnel's stream as a <see cref="Stream"/>.</summary>
internal sealed class ByteStream(TunnelStream stream) : DuplexStream(stream.Input)
{
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        stream.WriteAsync(buffer, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            stream.Close();
        base.Dispose(disposing);
    }
}
