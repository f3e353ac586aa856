using Microsoft.AspNetCore.Connections;

namespace Pico.Server.Proxy.Connections;

/// <summary>The lean way of HTTP/1.1 connections. The connection's features hold its <see cref="Forwarded.ForwardedHop"/>.</summary>
internal interface IHttp1Path
{
    /// <summary>
    /// Serves a connection whose unread bytes are in its input. True: it is over. False: the next request is not for this path; nothing of
    /// it is consumed, nothing is owed to the client, and the general path takes the connection for the rest of its life.
    /// </summary>
    Task<bool> ServeAsync(ConnectionContext connection);
}
