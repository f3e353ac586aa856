using Pico.Tunnel.Protocol;

namespace Pico.Tunnel;

/// <summary>
/// What a tunnel asks of its owner. Every method is called on the tunnel's reader: it returns at once and never throws
/// (an exception ends the tunnel as <see cref="TunnelError.Internal"/>).
/// </summary>
public interface ITunnelHandler
{
    /// <summary>
    /// The peer opens a stream. The owner calls <see cref="TunnelStream.Accept"/> or <see cref="TunnelStream.Refuse"/>, now or later;
    /// until then nothing can be read or written.
    /// </summary>
    void OnOpen(TunnelStream stream, StreamOpen open);

    /// <summary>The peer registers an endpoint. The owner answers, now or later, by <see cref="TunnelConnection.AnswerRegistration"/>.</summary>
    void OnRegister(TunnelConnection tunnel, Registration registration);

    /// <summary>The peer withdrew a registration. No new stream may be opened for it; streams that are open live on.</summary>
    void OnDeregister(TunnelConnection tunnel, uint registrationId);

    /// <summary>The peer has ended a registration of this side that it had accepted, and opens no more streams for it; those that are open live on. Never called on a side that registers nothing.</summary>
    void OnRegistrationEnded(TunnelConnection tunnel, uint registrationId, string reason)
    {
    }

    /// <summary>The peer will take no new streams; those that are open may finish. Called once at the most.</summary>
    void OnGoAway(TunnelConnection tunnel, TunnelError reason, string message);
}
