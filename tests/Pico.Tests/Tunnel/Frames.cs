using Pico.Tunnel.Protocol;

namespace Pico.Tests.Tunnel;

/// <summary>Frames as a peer would write them, right and wrong.</summary>
internal static class Frames
{
    public static byte[] Hello(string id) => Build(FrameType.Hello, 0, 0, span => MessageCodec.WriteHello(span, new TunnelHello { Id = id }));

    public static byte[] Open(uint id, uint window = 65_536) =>
        Build(FrameType.Open, 0, id, span => MessageCodec.WriteOpen(span, new StreamOpen { Protocol = EndpointProtocol.Tcp, RegistrationId = 1 }, window));

    public static byte[] Number(FrameType type, uint id, uint value) => Build(type, 0, id, span =>
    {
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(span, value);
        return 4;
    });

    public static byte[] Data(uint id, int length, bool fin = false) => Build(FrameType.Data, fin ? FrameHeader.Fin : (byte)0, id, _ => length);

    public static byte[] Reason(FrameType type, uint id, ushort code) => Build(type, 0, id, span => MessageCodec.WriteReason(span, code, "why"));

    public static byte[] Ping(ulong stamp, FrameType type = FrameType.Ping) => Build(type, 0, 0, span =>
    {
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(span, stamp);
        return 8;
    });

    public static byte[] Register(uint id) =>
        Build(FrameType.Register, 0, id, span => MessageCodec.WriteRegister(span, new Registration { Id = id, EndpointId = "orders", Protocol = EndpointProtocol.Http }));

    public static byte[] Empty(FrameType type, uint id) => Build(type, 0, id, _ => 0);

    private delegate int Writer(Span<byte> target);

    private static byte[] Build(FrameType type, byte flags, uint id, Writer write)
    {
        var frame = new byte[FrameHeader.Size + ushort.MaxValue];
        var length = write(frame.AsSpan(FrameHeader.Size));
        new FrameHeader(type, flags, (ushort)length, id).Write(frame);
        return frame[..(FrameHeader.Size + length)];
    }
}
