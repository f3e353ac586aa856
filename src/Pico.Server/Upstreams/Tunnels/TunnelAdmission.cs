using Pico.Server.Auth;
using Pico.Server.Auth.Ownership;
using Pico.Server.Hosting;
using Pico.Server.Limits;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Upstreams.Tunnels;

/// <summary>Which agents this node takes a tunnel from, and how much goes into one.</summary>
internal sealed class TunnelAdmission(
    NodeIdentity node, NodeLifecycle lifecycle, UpstreamOptions options, ITunnelPlacement placement, EndpointOwnership ownership, LimitMetrics metrics, TimeProvider time)
{
    /// <summary>So many refusals are told in a second, and logged: agents ask again and again, and strangers as often as they like.</summary>
    public const int RefusalsToldPerSecond = 5;

    private readonly Rate _refusalsTold = Rate.PerSecond(RefusalsToldPerSecond, time)!;
    private long _toldUntil; // of that rate
    private int _untold;
    private readonly Lock _counting = new();
    private readonly Dictionary<string, int> _byToken = new(StringComparer.Ordinal); // under _counting
    private int _count; // under _counting
    private readonly long[] _refusals = new long[(int)TunnelError.HandshakeTimeout + 1]; // by reason

    /// <summary>An agent, or what it wanted to register, was refused: who, and why.</summary>
    public event Action<string, string>? Refused;

    /// <summary>Why nothing new is taken while the node drains.</summary>
    public string Draining => $"The node {node.Id} is draining.";

    /// <summary>This node.</summary>
    public NodeIdentity Node => node;

    /// <summary>True once the node drains.</summary>
    public bool IsDraining => lifecycle.IsDraining;

    /// <summary>How many streams one tunnel may have.</summary>
    public StreamCap Streams { get; } = new(options.Limits.StreamsPerTunnel, metrics);

    /// <summary>The reasons for which agents were not admitted, and how often so far.</summary>
    public IEnumerable<(TunnelError Reason, long Count)> Refusals => _refusals.Select(static (count, reason) => ((TunnelError)reason, count)).Where(static r => r.count > 0);

    /// <summary>Null to admit <paramref name="agent"/>, which is counted then until <see cref="Leave"/>; else the reason not to.</summary>
    public TunnelEnd? Judge(TunnelHello agent, VerifiedToken token)
    {
        var refusal = Find(agent, token);
        if (refusal is not null)
            Interlocked.Increment(ref _refusals[(int)refusal.Error]);
        return refusal;
    }

    /// <summary>An admitted agent's tunnel is over.</summary>
    public void Leave(VerifiedToken token)
    {
        lock (_counting)
        {
            _count--;
            if (--_byToken[token.Identity] == 0)
                _byToken.Remove(token.Identity);
        }
    }

    /// <summary>Null if <paramref name="tunnel"/> may have one more endpoint, and that one, else the reason.</summary>
    public string? JudgeRegistration(TunnelRecord tunnel, string endpointId)
    {
        if (JudgeOwner(tunnel, endpointId) is { } refusal)
            return refusal;
        var most = options.Limits.EndpointsPerTunnel;
        if (most == 0 || tunnel.Upstreams.Count < most)
            return null;
        metrics.Hit(Limit.EndpointsPerTunnel, tunnel.Connection.Remote.Name);
        return $"The tunnel has {most} endpoints and may have no more.";
    }

    /// <summary>Null if the agent of <paramref name="tunnel"/> may have that endpoint at this moment, else the reason.</summary>
    public string? JudgeOwner(TunnelRecord tunnel, string endpointId) => ownership.Judge(tunnel.Token, endpointId);

    /// <summary>
    /// Lets those know who watch (<see cref="Refused"/>), and gives how many refusals before this one were not told; null if this one was not either, for there are more than
    /// <see cref="RefusalsToldPerSecond"/>: then it is not to be logged.
    /// </summary>
    public int? TellRefused(string who, string why)
    {
        if (!_refusalsTold.TryTake(ref _toldUntil, time.GetTimestamp()))
        {
            Interlocked.Increment(ref _untold);
            return null;
        }

        var untold = Interlocked.Exchange(ref _untold, 0);
        Refused?.Invoke(who, untold == 0 ? why : $"{why} ({untold} refusals before were not told, since there were many.)");
        return untold;
    }

    private TunnelEnd? Find(TunnelHello agent, VerifiedToken token)
    {
        if (lifecycle.IsDraining)
            return new TunnelEnd(TunnelError.Draining, Draining);
        if (!agent.AcceptsDuplicate && agent.HeldNodes.Contains(node.Id, StringComparer.Ordinal))
            return new TunnelEnd(TunnelError.Duplicate, $"The agent already holds a tunnel to the node {node.Id}.");
        if (agent.IsMoving && !placement.HasRoom)
            return new TunnelEnd(TunnelError.Rebalance, $"The node {node.Id} has more tunnels than others.");

        lock (_counting)
        {
            var byToken = _byToken.GetValueOrDefault(token.Identity);
            if (options.MaxTunnels != 0 && _count >= options.MaxTunnels)
                return Full(Limit.Tunnels, agent, $"The node {node.Id} has {options.MaxTunnels} tunnels and takes no more.");
            // Where no token is asked for, all agents have the same.
            if (options.Limits.TunnelsPerToken != 0 && token != VerifiedToken.Anonymous && byToken >= options.Limits.TunnelsPerToken)
                return Full(Limit.TunnelsPerToken, agent, $"The node {node.Id} has {byToken} tunnels by this token and takes no more.");
            _byToken[token.Identity] = byToken + 1;
            _count++;
            return null;
        }
    }

    private TunnelEnd Full(Limit limit, TunnelHello agent, string message)
    {
        metrics.Hit(limit, agent.Name);
        TellRefused(agent.Name, message);
        return new TunnelEnd(TunnelError.TooManyTunnels, message);
    }
}
