namespace Pico.Tunnel.Protocol;

/// <summary>The kinds of frames. Kinds that a receiver does not know are skipped, so that versions can be mixed.</summary>
internal enum FrameType : byte
{
    Hello = 0x01,
    GoAway = 0x02,
    Ping = 0x03,
    Pong = 0x04,

    Register = 0x10,
    Registered = 0x11,
    RegisterRefused = 0x12,
    Deregister = 0x13,
    Deregistered = 0x14,

    Open = 0x20,
    Accept = 0x21,
    Refuse = 0x22,
    Data = 0x23,
    Window = 0x24,
    Reset = 0x25,
}
