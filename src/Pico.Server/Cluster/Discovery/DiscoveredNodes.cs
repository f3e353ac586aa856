using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Pico.Server.Cluster.Discovery;

/// <summary>The nodes that somebody outside of the gossip knows of, by their place, as it told last. From any thread.</summary>
internal sealed class DiscoveredNodes
{
    private readonly ConcurrentDictionary<string, DiscoveredNode> _nodes = new(StringComparer.Ordinal);

    /// <summary>Those that are not about to end.</summary>
    public IEnumerable<DiscoveredNode> Staying => _nodes.Values.Where(static n => !n.IsLeaving);

    /// <summary>There is such a node, or it has changed.</summary>
    public void Set(DiscoveredNode node) => _nodes[node.Instance] = node;

    /// <summary>A place is gone for good.</summary>
    public void Remove(string place) => _nodes.TryRemove(place, out _);

    /// <summary>Finds the node of a place.</summary>
    public bool TryGet(string place, [NotNullWhen(true)] out DiscoveredNode? node) => _nodes.TryGetValue(place, out node);
}
