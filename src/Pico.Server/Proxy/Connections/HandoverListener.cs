using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace Pico.Server.Proxy.Connections;

/// <summary>
/// A Kestrel transport whose connections come from another listener of the same server. Kestrel speaks HTTP/2 by prior knowledge only on
/// ports that speak nothing else, so the proxy port peeks and hands HTTP/2 over to this listener.
/// </summary>
internal sealed class HandoverListener : IConnectionListenerFactory, IConnectionListenerFactorySelector, IConnectionListener
{
    /// <summary>How many connections may wait to be accepted; the acceptor only starts them, so hardly any ever do.</summary>
    private const int Backlog = 512;

    private readonly Channel<HandedOverConnection> _waiting = Channel.CreateBounded<HandedOverConnection>(Backlog);

    /// <inheritdoc/>
    public EndPoint EndPoint => HandoverEndPoint.Instance;

    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => endpoint is HandoverEndPoint;

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(this);

    /// <summary>Hands <paramref name="connection"/> over; completes when it is over. Aborts it if the listener takes no more.</summary>
    public async Task RunAsync(ConnectionContext connection)
    {
        var handedOver = new HandedOverConnection(connection);
        try
        {
            await _waiting.Writer.WriteAsync(handedOver, connection.ConnectionClosed);
        }
        catch (Exception e) when (e is ChannelClosedException or OperationCanceledException)
        {
            connection.Abort(new ConnectionAbortedException("The server takes no new connections."));
            return;
        }

        await handedOver.Over;
    }

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _waiting.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_waiting.Reader.TryRead(out var connection))
                return connection;
        }

        return null;
    }

    /// <inheritdoc/>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _waiting.Writer.TryComplete();
        return default;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        // Those that were never accepted have nobody else who ends them.
        while (_waiting.Reader.TryRead(out var connection))
        {
            connection.Abort(new ConnectionAbortedException("The server is stopping."));
            await connection.DisposeAsync();
        }
    }
}
