using System.Net;

namespace Pico.Server.Cluster.Links;

/// <summary>Bounds the connections whose other side is not known yet: all of them, and those of one address. Safe from any thread.</summary>
internal sealed class PendingHandshakes
{
    private readonly Dictionary<IPAddress, int> _byAddress = []; // lock: itself
    private int _count; // under the same lock

    /// <summary>Counts a connection in; null if there are enough. Disposing of the slot, once or several times, counts it out.</summary>
    public IDisposable? TryEnter(IPAddress address)
    {
        lock (_byAddress)
        {
            var ofAddress = _byAddress.GetValueOrDefault(address);
            if (_count >= LinkOptions.MaxPending || ofAddress >= LinkOptions.MaxPendingOfAddress)
                return null;
            _count++;
            _byAddress[address] = ofAddress + 1;
        }

        return new Slot(this, address);
    }

    private void Leave(IPAddress address)
    {
        lock (_byAddress)
        {
            _count--;
            if (--_byAddress[address] == 0)
                _byAddress.Remove(address);
        }
    }

    private sealed class Slot(PendingHandshakes all, IPAddress address) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
                all.Leave(address);
        }
    }
}
