using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Pico.Server.Cluster.Members;
using Pico.Server.Hosting;
using Pico.Server.Upstreams.Tunnels;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Cluster.Balancing;

/// <summary>
/// Evens out the cluster: looks at the loads of all nodes from time to time, and while this one is above the mean asks some agents to move a tunnel
/// (GO_AWAY, Rebalance). Each opens one to another node first, which refuses if it is above the mean too, and leaves the old one when its last stream has ended.
/// </summary>
internal sealed partial class Rebalancer(
    TunnelSet tunnels, PeerDirectory peers, NodeLifecycle lifecycle, ClusterMetrics metrics, TimeProvider time, ILogger<Rebalancer> logger) : ITunnelPlacement, IDisposable
{
    /// <summary>Between two looks: loads are told each second, and an agent needs a moment to move.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    // An agent that has not moved by then finds no other node, and keeps its tunnel.
    private static readonly TimeSpan TimeToMove = TimeSpan.FromMinutes(1);

    private readonly BalanceRule _rule = new();
    private ITimer? _timer;

    /// <inheritdoc/>
    public bool HasRoom => BalanceRule.HasRoom(tunnels.All.Count(static t => t.IsInUse), Others());

    /// <summary>Begins to look, each node at moments of its own.</summary>
    public void Start() => _timer = time.CreateTimer(static state => ((Rebalancer)state!).Look(), this, Interval * (1 + Random.Shared.NextDouble()), Interval);

    /// <summary>Asks nobody any more. Idempotent.</summary>
    public void Dispose() => _timer?.Dispose();

    private void Look()
    {
        if (!lifecycle.IsReady)
            return;

        var (movable, moving, here) = (new List<TunnelRecord>(), 0, 0);
        foreach (var tunnel in tunnels.All)
        {
            if (!tunnel.IsInUse)
                continue;
            here++;
            if (tunnel.AskedToMoveAt is not { } at)
                movable.Add(tunnel);
            else if (time.GetElapsedTime(at) < TimeToMove)
                moving++;
        }

        var others = Others();
        var count = Math.Min(_rule.Next(here, moving, others), movable.Count);
        if (count == 0)
            return;

        LogMoves(count, here, string.Join(", ", others));
        Random.Shared.Shuffle(CollectionsMarshal.AsSpan(movable));
        foreach (var tunnel in movable.Take(count))
        {
            tunnel.AskedToMoveAt = time.GetTimestamp();
            tunnel.Connection.GoAway(TunnelError.Rebalance, "The cluster evens out.");
            metrics.AskedToMove();
        }
    }

    private int[] Others() =>
        [.. peers.All.Where(static p => p is { IsUsable: true, IsDraining: false }).Select(static p => p.Load).OfType<NodeLoad>().Select(static l => l.Tunnels)];

    [LoggerMessage(2681, LogLevel.Information, "Asks {Count} of {Tunnels} tunnels to move to other nodes, which have {Others}.")]
    private partial void LogMoves(int count, int tunnels, string others);
}
