using Pico.Tunnel.Protocol;

namespace Pico.Tunnel;

/// <summary>What the reader does with frames about registrations.</summary>
public sealed partial class TunnelConnection
{
    private void OnRegister(uint id, ReadOnlySpan<byte> payload)
    {
        var registration = MessageCodec.ReadRegister(id, payload);
        string? refusal;
        lock (Sender.Gate)
            refusal = _registrations.AddFromPeer(id);
        if (refusal is not null)
            AnswerRegistration(id, refusal);
        else
            Call(() => _handler.OnRegister(this, registration));
    }

    private void OnDeregister(uint id)
    {
        bool known;
        lock (Sender.Gate)
            known = _registrations.RemoveFromPeer(id);
        if (known)
            Call(() => _handler.OnDeregister(this, id));
        lock (Sender.Gate)
            Sender.AppendControl(FrameType.Deregistered, id, []);
    }

    private void OnRegistrationAnswer(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        var reason = header.Type == FrameType.RegisterRefused ? MessageCodec.ReadReason(payload).Message : null;
        bool isAwaited;
        lock (Sender.Gate)
            isAwaited = header.Type == FrameType.Deregistered ? _registrations.EndDeregister(header.Id) : _registrations.EndRegister(header.Id, reason);
        if (!isAwaited && reason is not null)
            Call(() => _handler.OnRegistrationEnded(this, header.Id, reason));
    }
}
