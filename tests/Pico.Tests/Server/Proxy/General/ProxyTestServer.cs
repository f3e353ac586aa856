using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Server.Auth;
using Pico.Server.Hosting;
using Pico.Server.Limits;
using Pico.Server.Proxy;
using Pico.Server.Proxy.Connections;
using Pico.Server.Proxy.General;
using Pico.Server.Upstreams;
using Pico.Tests.Server.Observing;
using Pico.Tests.Tunnel;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Proxy.General;

/// <summary>
/// A real Kestrel on loopback with the whole general path, and real tunnels in memory whose agents' side does what the test says. HTTP/1.1 connections
/// are handed over at once, so that both protocols take this path.
/// </summary>
internal sealed class ProxyTestServer : IAsyncDisposable
{
    private readonly List<TunnelPair> _tunnels = [];
    private WebApplication _app = null!;

    public RouteTable Routes { get; } = new();

    public UpstreamConnector Connector => _app.Services.GetRequiredService<UpstreamConnector>();

    public Uri Url { get; private set; } = null!;

    public static async Task<ProxyTestServer> StartAsync(ProxyOptions? options = null)
    {
        var server = new ProxyTestServer();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        options ??= new ProxyOptions();
        builder.Services.AddProxy().AddSingleton(options).AddSingleton(TimeProvider.System).AddSingleton<IHttp1Path, NotForMe>()
            .AddSingleton(server.Routes).AddSingleton<NodeLifecycle>().AddSingleton<UpstreamConnector>().AddSingleton(TestMetrics.Create()).AddSingleton(Observed.Nobody(TimeProvider.System))
            .AddLimits(new ServerOptions { Proxy = options });
        builder.Services.AddSingleton(new AuthGates(new ServerOptions { Proxy = options }, TimeProvider.System, NullLogger<AuthGates>.Instance));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.ListenForHandover();
            kestrel.Listen(IPAddress.Loopback, 0, listening =>
            {
                listening.UseProxyProtocol();
                listening.UseSniffer();
            });
        });
        server._app = builder.Build();
        server._app.Run(server._app.Services.GetRequiredService<GeneralPath>().InvokeAsync);
        await server._app.Services.GetRequiredService<AuthGates>().StartAsync(CancellationToken.None);
        await server._app.StartAsync();
        var addresses = server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        server.Url = new Uri(addresses.Single(a => a.Contains("127.0.0.1", StringComparison.Ordinal)));
        return server;
    }

    /// <summary>Adds an upstream behind a tunnel of its own; <paramref name="serve"/> gets each stream.</summary>
    public async Task<TunnelPair> AddAsync(string endpointId, EndpointProtocol protocol, Func<TunnelStream, Task> serve, bool accept = true)
    {
        var tunnel = await TunnelPair.CreateAsync();
        tunnel.ClientHandler.AutoAccept = accept;
        tunnel.ClientHandler.Serve = serve;
        _tunnels.Add(tunnel);
        var registration = new Registration { Id = 1, EndpointId = endpointId, Protocol = protocol };
        Assert.Null(Routes.Add(new LocalUpstream(tunnel.Server, registration, TimeProvider.System)));
        return tunnel;
    }

    /// <summary>A client of one HTTP version only, whose requests go to <paramref name="endpointId"/>.</summary>
    public HttpClient CreateClient(string endpointId, Version version)
    {
        var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 64 })
        {
            BaseAddress = Url,
            DefaultRequestVersion = version,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = TimeSpan.FromSeconds(30),
        };
        client.DefaultRequestHeaders.Host = $"{endpointId}.example.com";
        return client;
    }

    /// <summary>Joins a stream to a connection to a service on loopback, as the agent does.</summary>
    public static Func<TunnelStream, Task> To(int port) => async stream =>
    {
        using var service = new TcpClient();
        await service.ConnectAsync(IPAddress.Loopback, port);
        await using var tunnel = stream.AsStream();
        var up = tunnel.CopyToAsync(service.GetStream()).ContinueWith(_ => service.Client.Shutdown(SocketShutdown.Send), TaskScheduler.Default);
        try
        {
            await service.GetStream().CopyToAsync(tunnel);
            stream.CompleteOutput();
        }
        catch (IOException)
        {
            stream.Abort(StreamError.ServiceReset);
        }

        await up;
    };

    /// <summary>Answers the first request of each stream with <paramref name="response"/>, word for word, and half-closes if <paramref name="close"/>.</summary>
    public static Func<TunnelStream, Task> Script(string response, Action<string>? seen = null, bool close = false) => async stream =>
    {
        seen?.Invoke(await ReadHeadAsync(stream));
        await stream.WriteAsync(Encoding.Latin1.GetBytes(response));
        if (close)
            stream.CompleteOutput();
    };

    /// <summary>Reads a request's head; what follows it stays unread.</summary>
    public static async Task<string> ReadHeadAsync(TunnelStream stream)
    {
        while (true)
        {
            var result = await stream.Input.ReadAsync();
            var text = Encoding.Latin1.GetString(result.Buffer);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                stream.Input.AdvanceTo(result.Buffer.GetPosition(end + 4));
                return text[..(end + 4)];
            }

            stream.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted)
                throw new IOException("The stream ended in a head.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        foreach (var tunnel in _tunnels)
            await tunnel.DisposeAsync();
    }

    private sealed class NotForMe : IHttp1Path
    {
        public Task<bool> ServeAsync(ConnectionContext connection) => Task.FromResult(false);
    }
}
