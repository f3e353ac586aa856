using System.Net;

namespace Pico.Server.Proxy.Connections;

/// <summary>The address of the in-memory listener that connections are handed over to (<see cref="HandoverListener"/>).</summary>
internal sealed class HandoverEndPoint : EndPoint
{
    /// <summary>The only one.</summary>
    public static HandoverEndPoint Instance { get; } = new();

    /// <inheritdoc/>
    public override string ToString() => "in-memory-http2";
}
