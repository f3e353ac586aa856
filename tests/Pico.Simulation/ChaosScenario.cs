using System.Globalization;
using System.Net;
using Pico.Gossip.Core;

namespace Pico.Simulation;

/// <summary>
/// A bad time for a cluster, by the seed: nodes set and remove values, crash, leave, restart, stand still, take over addresses; partitions come and go, some for ten minutes;
/// a third of the packets get lost, a tenth come twice, all come in any order. Now and then the actions pause, and then everything must be true:
/// under that loss all of the running nodes come to know each other and all values; without it within ten seconds.
/// </summary>
internal sealed class ChaosScenario
{
    private const int MinNodes = 3;
    private const int ConvergesWithin = 120_000;
    private const int HealsWithin = 10_000;

    private readonly SimulatedCluster _cluster;
    private readonly Random _random;
    private readonly int _maxNodes;
    private readonly List<string> _retired = [];
    private int _names;

    public ChaosScenario(int seed)
    {
        // Removed keys are remembered for a minute only, so that whoever is cut off for longer has to be rebuilt.
        _cluster = new SimulatedCluster(seed, new CoreOptions { HasJoinTargets = true, TombstoneRetention = 60_000 });
        _random = _cluster.Network.Random;
        _maxNodes = MinNodes + 1 + (seed % 10);
    }

    /// <summary>How often everything was looked at.</summary>
    public int Checks { get; private set; }

    /// <summary>The longest that convergence took while packets got lost, in milliseconds.</summary>
    public long SlowestConvergence { get; private set; }

    /// <summary>The longest that it took without loss, after all.</summary>
    public long SlowestHealing { get; private set; }

    /// <summary>Packets sent in all.</summary>
    public long Packets => _cluster.Network.PacketsSent;

    /// <summary>Runs for a time of the cluster, in milliseconds. Throws <see cref="SimulationException"/> when a property does not hold.</summary>
    public void Run(long milliseconds)
    {
        for (var i = 0; i < _maxNodes; i++)
            StartNew();
        RefreshJoins();
        _cluster.RunFor(5000);
        while (_cluster.Network.Now < milliseconds)
        {
            Disturb();
            Verify();
        }
    }

    private void Disturb()
    {
        _cluster.Network.Conditions = _random.Next(4) == 0 ? new NetworkConditions(MaxDelay: 20) : NetworkConditions.Bad;
        Partition();
        var long10 = _random.Next(12) == 0; // a partition of ten minutes
        var end = _cluster.Network.Now + (long10 ? 600_000 : 20_000 + _random.Next(60_000));
        while (_cluster.Network.Now < end)
        {
            Act();
            _cluster.RunFor(_random.Next(long10 ? 20_000 : 4000));
        }
    }

    private void Act()
    {
        var running = _cluster.Running;
        var node = running[_random.Next(running.Count)];
        switch (_random.Next(12))
        {
            case 0 when running.Count > MinNodes:
                _cluster.Crash(node);
                break;
            case 1 when running.Count > MinNodes:
                _cluster.Leave(node);
                _retired.Add(node.Life.NodeId);
                break;
            case 2: // a restart, faster than anybody notices
                _cluster.Crash(node);
                _cluster.Start(node.Life.NodeId, node.Address, Joins());
                break;
            case 3 when running.Count < _maxNodes:
                StartNew();
                break;
            case 4 when running.Count > MinNodes: // another node at the address of one that is gone
                _cluster.Crash(node);
                _cluster.Start(Name(), node.Address, Joins());
                break;
            case 5: // a machine that stands still
                node.IsFrozen = true;
                _cluster.Network.Schedule(_cluster.Network.Now + _random.Next(15_000), node.Thaw);
                break;
            case 6:
                Partition();
                break;
            case 7:
                _cluster.Network.SideOf = static _ => 0;
                break;
            default:
                Change(node);
                break;
        }
    }

    private void Verify()
    {
        _cluster.Network.SideOf = static _ => 0;
        foreach (var node in _cluster.Running)
            node.Thaw();
        _cluster.RunFor(_random.Next(1000));
        RefreshJoins();
        SlowestConvergence = Math.Max(SlowestConvergence, _cluster.RunUntil(_cluster.IsConverged, ConvergesWithin, "everybody knows everything, whatever gets lost"));
        _cluster.Network.Conditions = new NetworkConditions(MaxDelay: 20);
        SlowestHealing = Math.Max(SlowestHealing, _cluster.RunUntil(_cluster.IsConverged, HealsWithin, "everybody knows everything, without loss"));
        _cluster.VerifyValues();
        Checks++;
    }

    private void Change(SimulatedNode node)
    {
        for (var i = _random.Next(20); i >= 0; i--)
        {
            var key = "endpoint-" + _random.Next(200).ToString(CultureInfo.InvariantCulture);
            if (_random.Next(3) == 0)
                node.Remove(key);
            else
                node.Set(key, _random.Next(5).ToString(CultureInfo.InvariantCulture));
        }
    }

    private void Partition()
    {
        var salt = _random.Next();
        var sides = 1 + _random.Next(3);
        _cluster.Network.SideOf = address => SideOf(address, salt, sides);
        RefreshJoins();
    }

    private static int SideOf(IPEndPoint address, int salt, int sides) => (int)((uint)((address.Address.GetAddressBytes()[3] * 2654435761) ^ (uint)salt) / 65536 % (uint)sides);

    private void StartNew()
    {
        var name = _retired.Count > 0 && _random.Next(2) == 0 ? _retired[_random.Next(_retired.Count)] : Name();
        _retired.Remove(name);
        if (_cluster.Running.Any(n => n.Life.NodeId == name))
            name = Name();
        IPEndPoint address;
        do
            address = SimulatedCluster.AddressOf(1 + _random.Next(_maxNodes + 3)); // few, so that they are re-used
        while (_cluster.Network.NodeAt(address) is not null);
        _cluster.Start(name, address, Joins());
        RefreshJoins();
    }

    private string Name() => $"node-{++_names}";

    private IPEndPoint[] Joins() => [.. _cluster.Running.Select(n => n.Address).Append(SimulatedCluster.AddressOf(1))];

    /// <summary>What the name of the cluster's Service resolves to now.</summary>
    private void RefreshJoins()
    {
        var addresses = Joins();
        foreach (var node in _cluster.Running)
        {
            node.Core.SetJoinAddresses(addresses);
            node.Reschedule();
        }
    }
}
