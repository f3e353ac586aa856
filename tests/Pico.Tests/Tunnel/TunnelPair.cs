using Microsoft.Extensions.Logging.Abstractions;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Tunnel;

/// <summary>A client (agent) and a server (node) joined by a tunnel in memory.</summary>
internal sealed class TunnelPair : IAsyncDisposable
{
    private TunnelPair(TunnelConnection client, TunnelConnection server, TestHandler clientHandler, TestHandler serverHandler) =>
        (Client, Server, ClientHandler, ServerHandler) = (client, server, clientHandler, serverHandler);

    public TunnelConnection Client { get; }

    public TunnelConnection Server { get; }

    public TestHandler ClientHandler { get; }

    public TestHandler ServerHandler { get; }

    public static StreamOpen Tcp { get; } = new() { Protocol = EndpointProtocol.Tcp, RegistrationId = 1 };

    public static async Task<TunnelPair> CreateAsync(
        TunnelOptions? options = null, TimeProvider? time = null, (TunnelTransport Client, TunnelTransport Server)? transports = null, bool start = true)
    {
        var (clientEnd, serverEnd) = transports ?? MemoryTransport.CreatePair();
        options ??= TunnelOptions.Default;
        time ??= TimeProvider.System;
        var clientHandler = new TestHandler();
        var serverHandler = new TestHandler();
        var accept = TunnelConnection.AcceptAsync(
            serverEnd, new TunnelHello { Id = "node-1", Name = "node-1" }, _ => null, serverHandler, options, time, NullLogger.Instance, CancellationToken.None);
        var client = await TunnelConnection.ConnectAsync(
            clientEnd, new TunnelHello { Id = "agent-1", Name = "agent" }, clientHandler, options, time, NullLogger.Instance, CancellationToken.None);
        var server = await accept;
        if (start)
        {
            client.Start();
            server.Start();
        }

        return new TunnelPair(client, server, clientHandler, serverHandler);
    }

    /// <summary>A stream opened by the server, from both sides.</summary>
    public async Task<(TunnelStream Server, TunnelStream Client)> OpenAsync(CancellationToken cancellationToken)
    {
        var opening = Server.OpenAsync(Tcp, cancellationToken);
        var (client, _) = await ClientHandler.Opened.Reader.ReadAsync(cancellationToken);
        return (await opening, client);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
    }
}
