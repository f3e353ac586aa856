using Pico.Tunnel.Protocol;

namespace Pico.Tunnel.Connections;

/// <summary>The exchange of HELLOs, before the reader and the writer of a tunnel run.</summary>
internal static class Handshake
{
    public static async Task SendHelloAsync(TunnelTransport transport, TunnelHello hello)
    {
        var frame = new byte[FrameHeader.Size + FrameHeader.MaxControlPayload];
        var length = MessageCodec.WriteHello(frame.AsSpan(FrameHeader.Size), hello);
        new FrameHeader(FrameType.Hello, 0, (ushort)length, 0).Write(frame);
        await transport.SendAsync(frame.AsMemory(0, FrameHeader.Size + length));
    }

    public static async Task RefuseAsync(TunnelTransport transport, TunnelEnd reason, TimeSpan deadline)
    {
        var frame = new byte[FrameHeader.Size + MessageCodec.MaxMessage + 16];
        var length = MessageCodec.WriteReason(frame.AsSpan(FrameHeader.Size), (ushort)reason.Error, reason.Message);
        new FrameHeader(FrameType.GoAway, 0, (ushort)length, 0).Write(frame);
        await transport.SendAsync(frame.AsMemory(0, FrameHeader.Size + length));
        await transport.CloseAsync(deadline);
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
