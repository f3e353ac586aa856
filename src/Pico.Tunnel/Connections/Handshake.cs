using Pico.Tunnel.Buffers;
using Pico.Tunnel.Protocol;

namespace Pico.Tunnel.Connections;

/// <summary>The exchange of HELLOs, before the reader and the writer of a tunnel run.</summary>
internal static class Handshake
{
    private const int Payload = TunnelTransport.Headroom + FrameHeader.Size;

    public static async Task SendHelloAsync(TunnelTransport transport, TunnelHello hello)
    {
        var block = BlockPool.Medium.Rent();
        await SendAsync(transport, FrameType.Hello, block.Memory, MessageCodec.WriteHello(block.Bytes.AsSpan(Payload, FrameHeader.MaxControlPayload), hello));
        // Not in a finally: a transport that failed may still look at the block.
        block.Dispose();
    }

    /// <summary>Sends GO_AWAY instead of HELLO, and closes in order.</summary>
    public static async Task RefuseAsync(TunnelTransport transport, FrameReceiver receiver, TunnelEnd reason, TimeSpan deadline)
    {
        var frame = new byte[Payload + MessageCodec.MaxMessage + 16];
        await SendAsync(transport, FrameType.GoAway, frame, MessageCodec.WriteReason(frame.AsSpan(Payload), (ushort)reason.Error, reason.Message));
        var drained = receiver.DrainAsync();
        try
        {
            await transport.CloseAsync(deadline);
        }
        finally
        {
            transport.Abort();
            await drained; // nothing is received any more when this returns
        }
    }

    /// <summary>Receives the peer's HELLO. Throws <see cref="TunnelException"/> when it sent GO_AWAY instead, closed, or broke the protocol.</summary>
    public static async Task<TunnelHello> ReceiveHelloAsync(FrameReceiver receiver)
    {
        while (true)
        {
            if (TryReadHello(receiver, out var hello))
                return hello;
            if (!await receiver.ReceiveAsync())
                throw new TunnelException(TunnelError.TransportLost, "the peer closed the connection during the handshake");
        }
    }

    private static ValueTask SendAsync(TunnelTransport transport, FrameType type, Memory<byte> frame, int length)
    {
        new FrameHeader(type, 0, (ushort)length, 0).Write(frame.Span[TunnelTransport.Headroom..]);
        return transport.SendAsync(frame[..(Payload + length)]);
    }

    private static bool TryReadHello(FrameReceiver receiver, out TunnelHello hello)
    {
        hello = null!;
        var unread = receiver.Unread;
        if (unread.Length < FrameHeader.Size)
            return false;
        var header = FrameHeader.Read(unread);
        if (header.Type is not (FrameType.Hello or FrameType.GoAway) || header.Length > FrameHeader.MaxControlPayload)
            throw new TunnelException(TunnelError.ProtocolError, "the peer does not speak the tunnel protocol");
        if (unread.Length < FrameHeader.Size + header.Length)
            return false;

        var payload = unread.Slice(FrameHeader.Size, header.Length);
        try
        {
            if (header.Type == FrameType.GoAway)
            {
                var (reason, message) = MessageCodec.ReadGoAway(payload);
                throw new TunnelException(reason, message);
            }

            hello = MessageCodec.ReadHello(payload, out var versionFits);
            if (!versionFits)
                throw new TunnelException(TunnelError.VersionMismatch, $"the peer ({hello.Software}) does not speak version {MessageCodec.Version} of the tunnel protocol");
        }
        catch (ProtocolViolationException e)
        {
            throw new TunnelException(TunnelError.ProtocolError, e.Message, e);
        }

        receiver.Consume(FrameHeader.Size + header.Length);
        return true;
    }
}
