namespace Pico.Tunnel.Protocol;

/// <summary>The peer sent what the protocol forbids; the tunnel ends as <see cref="TunnelError.ProtocolError"/> with this message.</summary>
internal sealed class ProtocolViolationException(string message) : Exception(message);
