using System.Collections.Concurrent;
using Pico.Server.Auth;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Upstreams.Tunnels;

/// <summary>
/// An agent's tunnel that ends at this node, and what it registered; <paramref name="withdraw"/> takes that out of the route table, for good.
/// </summary>
internal sealed class TunnelRecord(TunnelConnection connection, VerifiedToken token, long openedAt, Action withdraw, TokenShare? share = null)
{
    /// <summary>Which tunnel of this node it is, in the order in which they began; 0 until it is one of <see cref="TunnelSet"/>.</summary>
    public long Number { get; internal set; }

    /// <summary>The tunnel.</summary>
    public TunnelConnection Connection { get; } = connection;

    /// <summary>What the agent may do.</summary>
    public VerifiedToken Token { get; } = token;

    /// <summary>How much of it at once; null: no limit of the token's own.</summary>
    public TokenShare? Share { get; } = share;

    /// <summary>The timestamp (<see cref="TimeProvider.GetTimestamp"/>) of its handshake.</summary>
    public long OpenedAt { get; } = openedAt;

    /// <summary>False once the agent has left it, or it is over: it lives for the streams that it has.</summary>
    public bool IsInUse => Connection.IsOpen;

    /// <summary>The timestamp at which the agent was asked to move it to another node; null if it was not.</summary>
    public long? AskedToMoveAt { get; set; }

    /// <summary>Its upstreams by the agent's numbers. Changed by the tunnel's reader only, and at its end.</summary>
    public ConcurrentDictionary<uint, LocalUpstream> Upstreams { get; } = new(concurrencyLevel: 1, capacity: 1);

    /// <summary>
    /// Sends nothing new down the tunnel and closes it when its last stream has ended. Throws when <paramref name="patience"/> ends first.
    /// </summary>
    public async Task FinishAsync(TunnelError reason, string message, CancellationToken patience)
    {
        withdraw();
        await Connection.WhenIdleAsync(patience);
        await Connection.CloseAsync(reason, message);
    }
}
