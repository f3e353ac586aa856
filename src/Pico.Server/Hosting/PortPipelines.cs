using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Pico.Server.Limits;
using Pico.Server.Proxy;

namespace Pico.Server.Hosting;

/// <summary>Keeps the ports apart: every connection knows by which one it came, and each port has its own pipeline.</summary>
internal static class PortPipelines
{
    /// <summary>Listens on <paramref name="port"/>, if it is configured; HTTP/1.1 unless <paramref name="configure"/> says more.</summary>
    public static void ListenOn(this KestrelServerOptions kestrel, ServerPort port, Action<ListenOptions>? configure = null) =>
        kestrel.ApplicationServices.GetRequiredService<Listeners>().Listen(kestrel, port, listening =>
        {
            listening.Protocols = HttpProtocols.Http1;
            listening.MarkAs(port);
            configure?.Invoke(listening);
        });

    /// <summary>What answers the requests that came in by <paramref name="port"/>.</summary>
    public static void On(this IApplicationBuilder app, ServerPort port, Action<IApplicationBuilder> configure) =>
        app.MapWhen(context => context.Features.Get<ServerPort>() == port, configure);

    /// <summary>Lets every connection know its port.</summary>
    public static void MarkAs(this IConnectionBuilder listening, ServerPort port) => listening.Use(next => connection =>
    {
        connection.Features.Set(port);
        return next(connection);
    });

    /// <summary>Counts the port's connections as those of clients. <paramref name="inClear"/>: it speaks HTTP without TLS.</summary>
    public static void UseClientConnections(this ListenOptions listening, bool inClear)
    {
        var connections = listening.ApplicationServices.GetRequiredService<ClientConnections>();
        listening.Use(next => connection => connections.OnConnectionAsync(connection, inClear, next));
    }

    /// <summary>Bounds the port's connections as those of agents.</summary>
    public static void UseAgentConnections(this ListenOptions listening)
    {
        var connections = listening.ApplicationServices.GetRequiredService<AgentConnections>();
        listening.Use(next => connection => connections.OnConnectionAsync(connection, next));
    }

    /// <summary>Knows whose connection it is, and bounds how many one client has. Behind the PROXY protocol.</summary>
    public static void UseClientAdmission(this ListenOptions listening, bool inClear)
    {
        var connections = listening.ApplicationServices.GetRequiredService<ClientConnections>();
        var admission = listening.ApplicationServices.GetRequiredService<ClientAdmission>();
        ConnectionDelegate refuse = inClear ? connection => connections.RefuseAsync(connection, ProxyError.RateLimited) : _ => Task.CompletedTask;
        listening.Use(next => connection => admission.OnConnectionAsync(connection, next, refuse));
    }
}
