using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Pico.Tunnel.Buffers;

namespace Pico.Server.Hosting;

/// <summary>
/// The memory of Kestrel's transport, in blocks of 32 KiB. Kestrel's own of 4 KiB make a bulk transfer eight times as many receives, each with its
/// wake-up. A connection that waits holds no block, so larger ones cost idle connections nothing. One pool for all.
/// </summary>
internal sealed class TransportMemory : IMemoryPoolFactory<byte>
{
    /// <inheritdoc/>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => BlockPool.Medium;
}
