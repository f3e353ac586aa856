using System.Net;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Upstreams;

/// <summary>One registered listener for an endpoint, behind one tunnel.</summary>
internal abstract class Upstream(string endpointId, EndpointProtocol protocol, TimeProvider time)
{
    private int _outstanding;

    /// <summary>The endpoint, in lower case.</summary>
    public string EndpointId { get; } = endpointId;

    /// <summary>What the service speaks.</summary>
    public EndpointProtocol Protocol { get; } = protocol;

    /// <summary>Idle HTTP/1.1 streams to the service, kept for the next request.</summary>
    public IdleStreams Idle { get; } = new(time);

    /// <summary>Whether the upstream is left out because its opens failed; told by <see cref="UpstreamConnector"/>.</summary>
    public Ejection Ejection { get; } = new(time);

    /// <summary>Requests and streams in flight through this upstream.</summary>
    public int Outstanding => Volatile.Read(ref _outstanding);

    /// <summary>True while new streams may be opened.</summary>
    public abstract bool IsOpen { get; }

    /// <summary>For logs and status: agent, tunnel, address.</summary>
    public abstract string Description { get; }

    /// <summary>Counts a request in; every call is paired with one of <see cref="EndRequest"/>.</summary>
    public void BeginRequest() => Interlocked.Increment(ref _outstanding);

    /// <summary>Counts a request out.</summary>
    public void EndRequest() => Interlocked.Decrement(ref _outstanding);

    /// <summary>
    /// Opens a new stream to the service. Throws <see cref="StreamException"/>: nothing was sent then, so another upstream may be tried.
    /// </summary>
    public abstract ValueTask<TunnelStream> OpenAsync(IPEndPoint? client, CancellationToken cancellationToken);
}
