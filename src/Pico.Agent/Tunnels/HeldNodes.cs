namespace Pico.Agent.Tunnels;

/// <summary>The nodes that this agent holds tunnels to. From any thread.</summary>
internal sealed class HeldNodes
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _tunnels = new(StringComparer.Ordinal);

    /// <summary>Notes one more tunnel to the node; false if there is one already and that is not accepted.</summary>
    public bool TryHold(string nodeId, bool acceptsDuplicate, out bool isDuplicate)
    {
        lock (_lock)
        {
            var held = _tunnels.GetValueOrDefault(nodeId);
            isDuplicate = held > 0;
            if (isDuplicate && !acceptsDuplicate)
                return false;
            _tunnels[nodeId] = held + 1;
            return true;
        }
    }

    public void Release(string nodeId)
    {
        lock (_lock)
        {
            if (_tunnels[nodeId] == 1)
                _tunnels.Remove(nodeId);
            else
                _tunnels[nodeId]--;
        }
    }

    public string[] Snapshot()
    {
        lock (_lock)
            return [.. _tunnels.Keys];
    }
}
