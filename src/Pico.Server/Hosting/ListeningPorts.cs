using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Pico.Server.Hosting;

/// <summary>
/// Kestrel's socket transport, with listeners that can be closed one by one: a draining node stops to listen for clients while its admin port
/// still answers.
/// </summary>
internal sealed class ListeningPorts(IOptions<SocketTransportOptions> options, ILoggerFactory loggers) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly SocketTransportFactory _sockets = new(Inline(options), loggers);
    private readonly ConcurrentBag<IConnectionListener> _listeners = [];

    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint;

    /// <inheritdoc/>
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var listener = await _sockets.BindAsync(endpoint, cancellationToken);
        _listeners.Add(listener);
        return listener;
    }

    /// <summary>Stops to listen on <paramref name="port"/>; connections that were accepted live on. Kestrel's accept loop ends by itself.</summary>
    public async Task CloseAsync(int port, CancellationToken cancellationToken)
    {
        foreach (var listener in _listeners)
        {
            if (listener.EndPoint is IPEndPoint endpoint && endpoint.Port == port)
                await listener.UnbindAsync(cancellationToken);
        }
    }

    // Whatever a connection does is done where its socket reports: nothing here blocks, and each hop to another thread costs more than most of it.
    private static IOptions<SocketTransportOptions> Inline(IOptions<SocketTransportOptions> options)
    {
        options.Value.UnsafePreferInlineScheduling = true;
        return options;
    }
}
