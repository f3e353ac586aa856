using System.Net;
using System.Net.Sockets;
using Pico.Server.Cluster.Links;

namespace Pico.Server.Cluster.Discovery;

/// <summary>Whether a machine lives, as far as a connection to one of its ports tells.</summary>
internal enum MachineState
{
    /// <summary>It could not be asked.</summary>
    Unknown,

    /// <summary>Something answered, if only by refusing the connection: what runs there may have crashed, hang or be slow, the machine has not.</summary>
    Answers,

    /// <summary>Nothing did.</summary>
    Silent,
}

/// <summary>Asks machines whether they live.</summary>
internal static class MachineProbe
{
    /// <summary>A machine that lives answers within this time, also when one packet is lost.</summary>
    public static readonly TimeSpan TimeToAnswer = TimeSpan.FromSeconds(2);

    /// <summary>Connects, and sends nothing.</summary>
    public static async Task<MachineState> AskAsync(IPEndPoint address, TimeProvider time, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(TimeToAnswer, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await using var connection = await LinkConnection.ConnectAsync(address, either.Token);
            return MachineState.Answers;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode switch
            {
                SocketError.ConnectionRefused or SocketError.ConnectionReset => MachineState.Answers,
                SocketError.TimedOut or SocketError.HostUnreachable or SocketError.HostDown => MachineState.Silent,
                _ => MachineState.Unknown, // it is this machine that lacks something, such as free sockets
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return MachineState.Silent;
        }
    }
}
