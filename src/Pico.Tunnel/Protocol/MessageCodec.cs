using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;

namespace Pico.Tunnel.Protocol;

/// <summary>
/// The payloads of the control frames: bytes in, message out, and back. Pure. The fields' numbers are those of docs/protocol.md.
/// Reading throws <see cref="ProtocolViolationException"/>; writing never writes more than <see cref="FrameHeader.MaxControlPayload"/>.
/// </summary>
internal static class MessageCodec
{
    /// <summary>The protocol version of this implementation.</summary>
    public const byte Version = 1;

    /// <summary>The greatest length of a text for people, in bytes.</summary>
    public const int MaxMessage = 1000;

    private const int MaxName = 255;
    private const int MaxHeldNodes = 32;

    // Trace ID, span ID, flags.
    private const int TraceIdLength = 16;
    private const int SpanIdLength = 8;
    private const int TraceLength = TraceIdLength + SpanIdLength + 1;

    private static ReadOnlySpan<byte> Magic => "PICO"u8;

    private static class HelloField
    {
        public const byte Id = 1, Name = 2, Software = 3, Zone = 4, HeldNode = 5, AcceptsDuplicate = 6, IsMoving = 7;
    }

    private static class RegisterField
    {
        public const byte EndpointId = 1, Protocol = 2;
    }

    private static class OpenField
    {
        public const byte Window = 1, Protocol = 2, RegistrationId = 3, EndpointId = 4, ClientAddress = 5, Trace = 6;
    }

    private static class ReasonField
    {
        public const byte Code = 1, Message = 2;
    }

    public static int WriteHello(Span<byte> target, TunnelHello hello)
    {
        Magic.CopyTo(target);
        target[4] = Version;
        target[5] = Version;
        var fields = new FieldWriter(target[6..]);
        fields.Text(HelloField.Id, hello.Id, MaxName);
        fields.Text(HelloField.Name, hello.Name, MaxName);
        fields.Text(HelloField.Software, hello.Software, MaxName);
        fields.Text(HelloField.Zone, hello.Zone, MaxName);
        foreach (var node in hello.HeldNodes.Take(MaxHeldNodes))
            fields.Text(HelloField.HeldNode, node, MaxName);
        if (hello.AcceptsDuplicate)
            fields.UInt8(HelloField.AcceptsDuplicate, 1);
        if (hello.IsMoving)
            fields.UInt8(HelloField.IsMoving, 1);
        return 6 + fields.Length;
    }

    /// <summary>Reads HELLO; <paramref name="versionFits"/> tells whether this implementation's version is in the sender's range.</summary>
    public static TunnelHello ReadHello(ReadOnlySpan<byte> payload, out bool versionFits)
    {
        if (payload.Length < 6 || !payload.StartsWith(Magic))
            throw new ProtocolViolationException("HELLO does not begin with PICO");
        versionFits = payload[4] <= Version && Version <= payload[5];
        var id = "";
        var name = "";
        var software = "";
        var zone = "";
        var acceptsDuplicate = false;
        var isMoving = false;
        List<string>? held = null;
        var fields = new FieldReader(payload[6..]);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case HelloField.Id: id = fields.Text(MaxName); break;
                case HelloField.Name: name = fields.Text(MaxName); break;
                case HelloField.Software: software = fields.Text(MaxName); break;
                case HelloField.Zone: zone = fields.Text(MaxName); break;
                case HelloField.AcceptsDuplicate: acceptsDuplicate = fields.UInt8() != 0; break;
                case HelloField.IsMoving: isMoving = fields.UInt8() != 0; break;
                case HelloField.HeldNode when (held?.Count ?? 0) < MaxHeldNodes: (held ??= []).Add(fields.Text(MaxName)); break;
            }
        }

        if (id.Length == 0)
            throw new ProtocolViolationException("HELLO has no ID");
        return new TunnelHello
        {
            Id = id,
            Name = name,
            Software = software,
            Zone = zone,
            AcceptsDuplicate = acceptsDuplicate,
            IsMoving = isMoving,
            HeldNodes = held ?? [],
        };
    }

    public static int WriteRegister(Span<byte> target, Registration registration)
    {
        var fields = new FieldWriter(target);
        fields.Text(RegisterField.EndpointId, registration.EndpointId, EndpointId.MaxLength);
        fields.UInt8(RegisterField.Protocol, (byte)registration.Protocol);
        return fields.Length;
    }

    /// <summary>Reads REGISTER. An endpoint ID or protocol that is invalid is the handler's to refuse: it fails that registration only.</summary>
    public static Registration ReadRegister(uint registrationId, ReadOnlySpan<byte> payload)
    {
        var endpointId = "";
        var protocol = EndpointProtocol.Http;
        var fields = new FieldReader(payload);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case RegisterField.EndpointId: endpointId = fields.Text(MaxName).ToLowerInvariant(); break;
                case RegisterField.Protocol: protocol = (EndpointProtocol)fields.UInt8(); break;
            }
        }

        return new Registration { Id = registrationId, EndpointId = endpointId, Protocol = protocol };
    }

    public static int WriteOpen(Span<byte> target, StreamOpen open, uint window)
    {
        var fields = new FieldWriter(target);
        fields.UInt32(OpenField.Window, window);
        fields.UInt8(OpenField.Protocol, (byte)open.Protocol);
        if (open.RegistrationId != 0)
            fields.UInt32(OpenField.RegistrationId, open.RegistrationId);
        fields.Text(OpenField.EndpointId, open.EndpointId, EndpointId.MaxLength);
        if (open.ClientAddress is { } client)
        {
            Span<byte> address = stackalloc byte[18];
            client.Address.TryWriteBytes(address[2..], out var length);
            BinaryPrimitives.WriteUInt16BigEndian(address, (ushort)client.Port);
            fields.Bytes(OpenField.ClientAddress, address[..(2 + length)]);
        }

        if (open.Trace.TraceId != default)
        {
            Span<byte> trace = stackalloc byte[TraceLength];
            open.Trace.TraceId.CopyTo(trace[..TraceIdLength]); // no more than it has
            open.Trace.SpanId.CopyTo(trace.Slice(TraceIdLength, SpanIdLength));
            trace[TraceLength - 1] = (byte)open.Trace.TraceFlags;
            fields.Bytes(OpenField.Trace, trace);
        }

        return fields.Length;
    }

    public static StreamOpen ReadOpen(ReadOnlySpan<byte> payload, out uint window)
    {
        window = 0;
        var protocol = EndpointProtocol.Tcp;
        uint registrationId = 0;
        var endpointId = "";
        IPEndPoint? client = null;
        ActivityContext trace = default;
        var fields = new FieldReader(payload);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case OpenField.Window: window = fields.UInt32(); break;
                case OpenField.Protocol: protocol = (EndpointProtocol)fields.UInt8(); break;
                case OpenField.RegistrationId: registrationId = fields.UInt32(); break;
                case OpenField.EndpointId: endpointId = fields.Text(MaxName).ToLowerInvariant(); break;
                case OpenField.ClientAddress: client = ReadAddress(fields.Bytes(18)); break;
                case OpenField.Trace: trace = ReadTrace(fields.Bytes(MaxName)); break;
            }
        }

        return new StreamOpen { Protocol = protocol, RegistrationId = registrationId, EndpointId = endpointId, ClientAddress = client, Trace = trace };
    }

    /// <summary>What is no trace context, or one of another form, is none: it must not cost the stream.</summary>
    private static ActivityContext ReadTrace(ReadOnlySpan<byte> value)
    {
        if (value.Length < TraceLength || !value[..TraceIdLength].ContainsAnyExcept((byte)0) || !value.Slice(TraceIdLength, SpanIdLength).ContainsAnyExcept((byte)0))
            return default;
        return new ActivityContext(
            ActivityTraceId.CreateFromBytes(value[..TraceIdLength]), ActivitySpanId.CreateFromBytes(value.Slice(TraceIdLength, SpanIdLength)),
            (ActivityTraceFlags)value[TraceLength - 1] & ActivityTraceFlags.Recorded, traceState: null, isRemote: true);
    }

    /// <summary>The payload of ACCEPT and WINDOW: one number.</summary>
    public static uint ReadUInt32(ReadOnlySpan<byte> payload, FrameType type) =>
        payload.Length >= sizeof(uint) ? BinaryPrimitives.ReadUInt32BigEndian(payload) : throw new ProtocolViolationException($"{type} has {payload.Length} bytes instead of 4");

    /// <summary>The payload of REFUSE, RESET, GO_AWAY and REGISTER_REFUSED: a code and a text for people.</summary>
    public static int WriteReason(Span<byte> target, ushort code, string message)
    {
        var fields = new FieldWriter(target);
        fields.UInt16(ReasonField.Code, code);
        fields.Text(ReasonField.Message, message, MaxMessage);
        return fields.Length;
    }

    public static (ushort Code, string Message) ReadReason(ReadOnlySpan<byte> payload)
    {
        ushort code = 0;
        var message = "";
        var fields = new FieldReader(payload);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case ReasonField.Code: code = fields.UInt16(); break;
                case ReasonField.Message: message = fields.Text(MaxMessage); break;
            }
        }

        return (code, message);
    }

    /// <summary>The payload of GO_AWAY. A code that is not known is <see cref="TunnelError.Internal"/>.</summary>
    public static (TunnelError Reason, string Message) ReadGoAway(ReadOnlySpan<byte> payload)
    {
        var (code, message) = ReadReason(payload);
        return (code <= (ushort)TunnelError.HandshakeTimeout ? (TunnelError)code : TunnelError.Internal, message);
    }

    private static IPEndPoint ReadAddress(ReadOnlySpan<byte> value)
    {
        if (value.Length is not (6 or 18))
            throw new ProtocolViolationException($"a client address has {value.Length} bytes instead of 6 or 18");
        return new IPEndPoint(new IPAddress(value[2..]), BinaryPrimitives.ReadUInt16BigEndian(value));
    }
}
