using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Server.Admin.Metrics;
using Pico.Server.Auth;
using Pico.Server.Hosting;
using Pico.Server.Limits;
using Pico.Server.Observing;
using Pico.Server.Proxy.Access;
using Pico.Server.Proxy.Forwarded;
using Pico.Server.Proxy.Http1;
using Pico.Server.Proxy.Routing;
using Pico.Server.Upstreams;
using Pico.Tests.Server.Limits;
using Pico.Tests.Server.Observing;
using Pico.Tests.Tunnel;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Proxy.Http1;

/// <summary>The lean path before a service at the other end of a real tunnel, all in memory. The service is the endpoint <c>orders</c>.</summary>
internal sealed class Http1Harness : IAsyncDisposable
{
    private readonly TunnelPair _tunnel;
    private readonly Http1Path _path;
    private readonly Heartbeat _heartbeat;
    private readonly AuthGates _gates;
    private readonly LoadTable<ClientKey> _clients;
    private readonly List<MemoryConnection> _connections = [];
    private readonly Faults _faults = new();

    private Http1Harness(TunnelPair tunnel, ProxyOptions options, TimeProvider time, EndpointProtocol protocol, RequestObserver? observer)
    {
        _tunnel = tunnel;
        _gates = new AuthGates(new ServerOptions { Proxy = options }, time, NullLogger<AuthGates>.Instance);
        observer ??= Observed.Nobody(time);
        Metrics = observer.Metrics;
        var routes = new RouteTable();
        Upstream = new LocalUpstream(tunnel.Server, new Registration { Id = 1, EndpointId = "orders", Protocol = protocol }, time);
        routes.Add(Upstream);
        _heartbeat = new Heartbeat(time);
        _clients = new LoadTable<ClientKey>(time);
        Limits = TestLimits.Create(options.Limits, _clients, time);
        Lifecycle = new NodeLifecycle(time);
        _path = new Http1Path(
            new ClientAccess(_gates, Limits), new EndpointFinder(new EndpointResolver(""), routes), new UpstreamConnector(options, Metrics, time), options, observer, _heartbeat,
            Lifecycle, _faults);
    }

    public NodeLifecycle Lifecycle { get; }

    public LocalUpstream Upstream { get; }

    public RequestLimits Limits { get; }

    public ServerMetrics Metrics { get; }

    /// <summary>How many streams the service got.</summary>
    public int Streams { get; private set; }

    /// <summary>What went wrong in the service's script, if anything.</summary>
    public TaskCompletionSource<Exception> ServiceFault { get; } = new();

    public static Task<Http1Harness> StartAsync(
        Func<ServiceStream, Task> service, ProxyOptions? options = null, TimeProvider? time = null, EndpointProtocol protocol = EndpointProtocol.Http,
        RequestObserver? observer = null)
    {
        var number = 0;
        return StartRawAsync(stream => service(new ServiceStream(stream, number++)), options, time, protocol, observer);
    }

    public static async Task<Http1Harness> StartRawAsync(
        Func<TunnelStream, Task> service, ProxyOptions? options = null, TimeProvider? time = null, EndpointProtocol protocol = EndpointProtocol.Http,
        RequestObserver? observer = null)
    {
        time ??= TimeProvider.System;
        var tunnel = await TunnelPair.CreateAsync();
        var harness = new Http1Harness(tunnel, options ?? new ProxyOptions(), time, protocol, observer);
        await harness._gates.StartAsync(TestContext.Current.CancellationToken);
        tunnel.ClientHandler.Serve = async stream =>
        {
            try
            {
                harness.Streams++;
                await service(stream);
            }
            catch (Exception e)
            {
                harness.ServiceFault.TrySetResult(e);
            }
        };
        return harness;
    }

    /// <summary>A service that answers every request of every stream by <paramref name="answer"/>, given the request's head.</summary>
    public static Task<Http1Harness> StartAsync(
        Func<string, string> answer, ProxyOptions? options = null, TimeProvider? time = null, RequestObserver? observer = null) => StartAsync(
        async stream =>
        {
            while (true)
                await stream.WriteAsync(answer(await stream.ReadHeadAsync()));
        },
        options,
        time,
        observer: observer);

    public MemoryConnection Connect(bool trusted = false)
    {
        var connection = new MemoryConnection();
        var peer = IPAddress.Parse("192.0.2.7");
        connection.RemoteEndPoint = new IPEndPoint(peer, 4711);
        connection.Features.Set(new ForwardedHop(peer, secure: false, trusted));
        connection.Features.Set(trusted ? new ConnectionClient(null, new TrustedNetworks([peer.ToString()])) : new ConnectionClient(_clients.Rent(new ClientKey(peer)), null));
        connection.Served = ServeAsync(connection);
        _connections.Add(connection);
        return connection;
    }

    /// <summary>Sends <paramref name="request"/> on a connection of its own and gives everything that comes until the server closes.</summary>
    public async Task<string> ExchangeAsync(string request)
    {
        var client = Connect();
        await client.SendAsync(request);
        return await client.ReadToEndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
            connection.Abort(new("over"));
        foreach (var connection in _connections)
        {
            await connection.Served.WaitAsync(TimeSpan.FromSeconds(20));
            await connection.DisposeAsync();
        }

        await _gates.DisposeAsync();
        await _heartbeat.DisposeAsync();
        await _clients.DisposeAsync();
        Lifecycle.Dispose();
        await _tunnel.DisposeAsync();
        Assert.Empty(_faults.Seen);
    }

    private async Task<bool> ServeAsync(MemoryConnection connection)
    {
        var over = await _path.ServeAsync(connection);
        if (over && !connection.IsAborted)
            await connection.Output.CompleteAsync();
        return over;
    }

    /// <summary>Remembers what the server logs as its own fault: no client and no service may bring that about.</summary>
    private sealed class Faults : ILogger<Http1Path>
    {
        public System.Collections.Concurrent.ConcurrentQueue<string> Seen { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                Seen.Enqueue($"{formatter(state, exception)} {exception}");
        }
    }
}
