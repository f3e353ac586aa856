using Pico.Server.Cluster.Members;
using Pico.Server.Cluster.Routes;

namespace Pico.Server.Cluster.Links;

/// <summary>All links of this node, for its end.</summary>
internal sealed class PeerLinks(ClusterPort port, LinkAcceptor acceptor, PeerDirectory peers, RemoteRoutes routes) : IDisposable
{
    /// <summary>Nothing is opened or accepted any more; each link closes when its last stream has ended. Idle streams end at once.</summary>
    public async Task CloseAsync(CancellationToken patience)
    {
        port.Dispose();
        Leave();
        await Task.WhenAll(peers.All.Select(peer => peer.Link.Closed.WaitAsync(patience)).Append(acceptor.CloseAsync(patience)));
    }

    /// <summary>Closes everything at once.</summary>
    public void Dispose()
    {
        port.Dispose();
        Leave();
        foreach (var peer in peers.All)
            _ = peer.Link.Current?.DisposeAsync().AsTask();
        _ = acceptor.CloseAsync(new CancellationToken(canceled: true));
    }

    private void Leave()
    {
        foreach (var peer in peers.All)
        {
            routes.RemoveAll(peer);
            peer.Link.Leave();
        }
    }
}
