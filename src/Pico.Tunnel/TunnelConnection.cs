using Microsoft.Extensions.Logging;
using Pico.Tunnel.Protocol;

namespace Pico.Tunnel;

/// <summary>How a tunnel ended: who failed and why, in words for people.</summary>
public sealed record TunnelEnd(TunnelError Error, string Message);

/// <summary>
/// One connection that carries registrations and many streams (docs/protocol.md). The agent is its client, the node its server;
/// on peer links both open streams.
/// </summary>
public sealed class TunnelConnection : IAsyncDisposable
{
    /// <summary>
    /// The client's side of the handshake: sends <paramref name="hello"/>, waits for the server's. Throws <see cref="TunnelException"/> when
    /// the server does not admit this client (<see cref="TunnelError.Draining"/>, <see cref="TunnelError.Duplicate"/>, …) or the handshake fails.
    /// Takes ownership of <paramref name="transport"/>. Frames are read from the moment that <see cref="Start"/> is called.
    /// </summary>
    public static Task<TunnelConnection> ConnectAsync(
        TunnelTransport transport, TunnelHello hello, ITunnelHandler handler, TunnelOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>
    /// The server's side of the handshake: waits for the client's HELLO, asks <paramref name="admit"/>, and sends <paramref name="hello"/>, or
    /// GO_AWAY with what <paramref name="admit"/> gave as the reason not to (then it throws <see cref="TunnelException"/> with the same).
    /// </summary>
    public static Task<TunnelConnection> AcceptAsync(
        TunnelTransport transport, TunnelHello hello, Func<TunnelHello, TunnelEnd?> admit, ITunnelHandler handler, TunnelOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Begins to read frames and to call the handler.</summary>
    public void Start() => throw new NotImplementedException();

    /// <summary>What the peer said of itself.</summary>
    public TunnelHello Remote => throw new NotImplementedException();

    /// <summary>The peer's address.</summary>
    public string RemoteAddress => throw new NotImplementedException();

    /// <summary>Completes (never faults) when the tunnel is over and every stream of it has been told.</summary>
    public Task<TunnelEnd> Completion => throw new NotImplementedException();

    /// <summary>True while new streams may be opened: not over, and no GO_AWAY sent or received.</summary>
    public bool IsOpen => throw new NotImplementedException();

    /// <summary>Streams that are open now, from both sides.</summary>
    public int StreamCount => throw new NotImplementedException();

    /// <summary>Completes when no stream is open (at once if none is). For draining: combine with a deadline.</summary>
    public Task WhenIdleAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>The shortest recent round trip; zero until one was measured.</summary>
    public TimeSpan RoundTripTime => throw new NotImplementedException();

    /// <summary>Payload bytes of DATA frames received and sent so far.</summary>
    public (long Received, long Sent) Bytes => throw new NotImplementedException();

    /// <summary>
    /// Opens a stream and waits until the peer accepted it, i.e. has connected to the service. Throws <see cref="StreamException"/>: nothing was
    /// sent then, so another upstream may be tried whatever the request.
    /// </summary>
    public ValueTask<TunnelStream> OpenAsync(StreamOpen open, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Registers an endpoint and waits for the answer: null when it was accepted, else the reason in words for people.</summary>
    public Task<string?> RegisterAsync(Registration registration, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Withdraws a registration; completes when the peer has confirmed that it opens no more streams for it.</summary>
    public Task DeregisterAsync(uint registrationId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Answers <see cref="ITunnelHandler.OnRegister"/>; <paramref name="refusal"/> null accepts. A refused registration never existed.</summary>
    public void AnswerRegistration(uint registrationId, string? refusal) => throw new NotImplementedException();

    /// <summary>Tells the peer to open nothing more here; open streams live on. Idempotent.</summary>
    public void GoAway(TunnelError reason, string message) => throw new NotImplementedException();

    /// <summary>Sends GO_AWAY with the reason, closes in order within a deadline of 2 s, and ends every stream. Idempotent.</summary>
    public ValueTask CloseAsync(TunnelError reason, string message) => throw new NotImplementedException();

    /// <summary><see cref="CloseAsync"/> with <see cref="TunnelError.None"/>.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
