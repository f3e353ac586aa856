using System.Threading.Channels;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Tunnel;

/// <summary>A tunnel's owner that accepts what it is told to and lets tests wait for what happened.</summary>
internal sealed class TestHandler : ITunnelHandler
{
    public Channel<(TunnelStream Stream, StreamOpen Open)> Opened { get; } = Channel.CreateUnbounded<(TunnelStream, StreamOpen)>();

    public Channel<Registration> Registered { get; } = Channel.CreateUnbounded<Registration>();

    public Channel<uint> Deregistered { get; } = Channel.CreateUnbounded<uint>();

    public TaskCompletionSource<(TunnelError Reason, string Message)> GoneAway { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The first registration of this side that the peer has ended.</summary>
    public TaskCompletionSource<(uint Id, string Reason)> RegistrationEnded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Accept every stream at once (default), or leave the answer to the test.</summary>
    public bool AutoAccept { get; set; } = true;

    /// <summary>What to do with each accepted stream.</summary>
    public Func<TunnelStream, Task>? Serve { get; set; }

    /// <summary>Why to refuse a registration, or null to accept it.</summary>
    public Func<Registration, string?> Judge { get; set; } = _ => null;

    public void OnOpen(TunnelStream stream, StreamOpen open)
    {
        if (AutoAccept)
            stream.Accept();
        Opened.Writer.TryWrite((stream, open));
        if (Serve is { } serve)
            _ = Task.Run(() => serve(stream));
    }

    public void OnRegister(TunnelConnection tunnel, Registration registration)
    {
        Registered.Writer.TryWrite(registration);
        tunnel.AnswerRegistration(registration.Id, Judge(registration));
    }

    public void OnDeregister(TunnelConnection tunnel, uint registrationId) => Deregistered.Writer.TryWrite(registrationId);

    public void OnRegistrationEnded(TunnelConnection tunnel, uint registrationId, string reason) => RegistrationEnded.TrySetResult((registrationId, reason));

    public void OnGoAway(TunnelConnection tunnel, TunnelError reason, string message) => GoneAway.TrySetResult((reason, message));
}
