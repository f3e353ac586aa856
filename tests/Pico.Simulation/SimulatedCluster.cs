using System.Net;
using System.Text;
using Pico.Gossip;
using Pico.Gossip.Core;
using Pico.Gossip.State;

namespace Pico.Simulation;

/// <summary>
/// A cluster in virtual time, which knows what is true (who runs, who was ended when, what each has set) and holds what the nodes believe against it.
/// A life that is over and comes up anywhere, when nothing that it said itself can still be on the way, ends the simulation.
/// </summary>
internal sealed class SimulatedCluster(int seed, CoreOptions? options = null)
{
    /// <summary>How long what a node said before its end may still be on the way, in milliseconds: to a helper who passes it on, in a packet that comes twice.</summary>
    public const int LastWords = (2 * NetworkConditions.LongestDelay) + NetworkConditions.LongestRepeat;

    private readonly CoreOptions _options = options ?? new CoreOptions { HasJoinTargets = true };
    private readonly Dictionary<NodeLife, long> _endedAt = [];
    private readonly List<SimulatedNode> _running = [];
    private int _starts;

    public SimulatedNetwork Network { get; } = new(seed);

    public IReadOnlyList<SimulatedNode> Running => _running;

    /// <summary>A secret of all nodes; null simulates without seals, which is faster.</summary>
    public GossipKey? Key { get; init; }

    public bool KeepsValues { get; init; } = true;

    /// <summary>Every time that a node took a running one for failed: (when, who, whom).</summary>
    public List<(long At, NodeLife Who, NodeLife Whom)> FalseAlarms { get; } = [];

    /// <summary>Called for each member that goes down at a node.</summary>
    public Action<SimulatedNode, NodeLife, MemberDownReason>? OnDown { get; set; }

    public static IPEndPoint AddressOf(int number) => new(new IPAddress([10, (byte)(number >> 16), (byte)(number >> 8), (byte)number]), 8002);

    /// <summary>Starts a life of a node at an address; its start stamp is later than any before.</summary>
    public SimulatedNode Start(string nodeId, IPEndPoint address, params IPEndPoint[] joins)
    {
        var life = new NodeLife(nodeId, 1_000_000 + Network.Now + ++_starts);
        var node = new SimulatedNode(Network, life, address, _options with { HasJoinTargets = joins.Length > 0 }, Key)
        {
            KeepsValues = KeepsValues,
            OnUp = SawUp,
            OnDown = SawDown,
        };
        _running.Add(node);
        node.Start(joins);
        return node;
    }

    /// <summary>Starts nodes 1 to n that join the first, all within a second.</summary>
    public void StartMany(int count)
    {
        var first = AddressOf(1);
        for (var i = 1; i <= count; i++)
        {
            var number = i;
            if (i == 1)
                Start("node-1", first);
            else
                Network.Schedule(Network.Now + Network.Random.Next(1000), () => Start($"node-{number}", AddressOf(number), first));
        }
    }

    public void Crash(SimulatedNode node)
    {
        node.Dispose();
        Ended(node);
    }

    /// <summary>Lets a node leave; its process ends when it has told.</summary>
    public void Leave(SimulatedNode node)
    {
        node.Leave();
        _running.Remove(node);
        _endedAt[node.Life] = Network.Now;
        Network.Schedule(Network.Now + 2000, node.Dispose);
    }

    public void RunFor(long milliseconds) => Network.RunUntil(Network.Now + milliseconds);

    /// <summary>Runs until something holds, looking each 50 ms. Gives how long that took; throws if it takes longer than allowed.</summary>
    public long RunUntil(Func<bool> condition, long limit, string what)
    {
        var start = Network.Now;
        while (!condition())
        {
            if (Network.Now - start >= limit)
                throw new SimulationException($"seed {seed}: not within {limit} ms: {what}");
            RunFor(50);
        }

        return Network.Now - start;
    }

    /// <summary>Everybody running knows everybody running, and nobody else.</summary>
    public bool IsWhole() =>
        _running.TrueForAll(node => node.Heard.Count == _running.Count - 1)
        && _running.TrueForAll(node => _running.TrueForAll(other => other == node || node.Heard.ContainsKey(other.Life)));

    /// <summary>Besides, everybody has everybody's values.</summary>
    public bool IsConverged() =>
        IsWhole()
        && (_running.TrueForAll(node => node.Core.Table.Hash == _running[0].Core.Table.Hash)
            || _running.TrueForAll(owner => _running.TrueForAll(node => node.Core.Table.Find(owner.Core.Self.Tag)!.Log.Version == owner.Core.Self.Log.Version)));

    /// <summary>Holds each node's values, and what its events said of them, against the owners' own.</summary>
    public void VerifyValues()
    {
        foreach (var owner in _running)
        {
            var truth = Live(owner.Core.Self.Log);
            foreach (var node in _running.Where(n => n != owner))
            {
                var copy = Live(node.Core.Table.Find(owner.Core.Self.Tag)!.Log);
                if (!Same(truth, copy))
                    throw new SimulationException($"seed {seed}: {node.Life} has other values of {owner.Life} than the owner");
                if (KeepsValues && !Same(truth, node.Heard[owner.Life]))
                    throw new SimulationException($"seed {seed}: {node.Life} heard of other values of {owner.Life} than it has");
            }
        }
    }

    private static bool Same(Dictionary<string, string> one, Dictionary<string, string> other) =>
        one.Count == other.Count && one.All(pair => other.TryGetValue(pair.Key, out var value) && value == pair.Value);

    private static Dictionary<string, string> Live(KeyValueLog log)
    {
        var values = new Dictionary<string, string>();
        for (var i = 0; i < log.Length; i++)
        {
            if (log.IsLive(i))
                values.Add(Encoding.UTF8.GetString(log.Key(i)), Encoding.UTF8.GetString(log.Value(i)));
        }

        return values;
    }

    private void Ended(SimulatedNode node)
    {
        _running.Remove(node);
        _endedAt[node.Life] = Network.Now;
    }

    private void SawUp(SimulatedNode node, NodeLife life)
    {
        if (_endedAt.TryGetValue(life, out var ended) && Network.Now - ended > LastWords)
            throw new SimulationException($"seed {seed}: {life} ended at {ended} ms and came up at {node.Life} at {Network.Now} ms");
    }

    private void SawDown(SimulatedNode node, NodeLife life, MemberDownReason reason)
    {
        if (!_endedAt.ContainsKey(life) && reason == MemberDownReason.Failed)
            FalseAlarms.Add((Network.Now, node.Life, life));
        OnDown?.Invoke(node, life, reason);
    }
}
