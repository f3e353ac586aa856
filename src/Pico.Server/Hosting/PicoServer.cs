using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Server.Admin.Metrics;
using Pico.Server.Auth;
using Pico.Server.Cluster;
using Pico.Server.Upstreams.Tunnels;

namespace Pico.Server.Hosting;

/// <summary>
/// One node: its ports, from <see cref="StartAsync"/> to <see cref="StopAsync"/>. Started and stopped once.
/// </summary>
public sealed partial class PicoServer : IAsyncDisposable
{
    private readonly ServerOptions _options;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Listeners _listeners;
    private WebApplication? _app;
    private bool _disposed;

    /// <summary>Throws <see cref="InvalidOptionsException"/> with everything that is wrong with <paramref name="options"/>.</summary>
    /// <param name="options">Not to be changed afterwards.</param>
    /// <param name="loggers">Where logs go; none if null. It stays the caller's.</param>
    /// <param name="time">The clock; the system's if null.</param>
    public PicoServer(ServerOptions options, ILoggerFactory? loggers = null, TimeProvider? time = null)
    {
        var errors = ServerOptionsValidator.Validate(options);
        if (errors.Count > 0)
            throw new InvalidOptionsException(errors);

        _options = options;
        _loggers = loggers ?? NullLoggerFactory.Instance;
        _logger = _loggers.CreateLogger<PicoServer>();
        _time = time ?? TimeProvider.System;
        _listeners = new Listeners(options);
    }

    /// <summary>Where the proxy port listens, once started.</summary>
    public IPEndPoint ProxyAddress => _listeners.AddressOf(ServerPort.Proxy);

    /// <summary>Where the upstream port listens, once started.</summary>
    public IPEndPoint UpstreamAddress => _listeners.AddressOf(ServerPort.Upstream);

    /// <summary>Where the admin port listens, once started.</summary>
    public IPEndPoint AdminAddress => _listeners.AddressOf(ServerPort.Admin);

    /// <summary>Where TLS connections are passed through by SNI, once started; throws <see cref="InvalidOperationException"/> if that is off.</summary>
    public IPEndPoint TlsPassthroughAddress => _listeners.AddressOf(ServerPort.TlsPassthrough);

    /// <summary>Where other nodes reach this one, once started; throws <see cref="InvalidOperationException"/> without a cluster.</summary>
    public IPEndPoint ClusterAddress => _app?.Services.GetRequiredService<ICluster>().Address ?? throw new InvalidOperationException("The node is in no cluster.");

    /// <summary>Completes when an operator has asked on the admin port for the node's end: the owner then calls <see cref="StopAsync"/>.</summary>
    public Task DrainRequested => _app?.Services.GetRequiredService<NodeLifecycle>().DrainRequested ?? throw new InvalidOperationException("The server was not started.");

    /// <summary>The instruments that a node of a cluster has. Nothing is started for that.</summary>
    public static async Task<IReadOnlyList<Instrument>> DescribeInstrumentsAsync()
    {
        var instruments = new List<Instrument>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, _) => instruments.Add(instrument) };
        listener.Start();
        var options = new ServerOptions { Cluster = { BindAddress = "127.0.0.1:0", Join = ["127.0.0.1"] } };
        await using var app = ServerComposition.Build(options, new Listeners(options), NullLoggerFactory.Instance, TimeProvider.System);
        app.Services.GetRequiredService<ClusterMetrics>();
        var meters = app.Services.GetRequiredService<IMeterFactory>();
        return [.. instruments.Where(i => i.Meter.Scope == meters && i.Meter.Name == ServerMetrics.MeterName)];
    }

    /// <summary>Opens the ports. Throws <see cref="ServerStartException"/>, whose message names the option, when one cannot be opened.</summary>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_app is not null)
            throw new InvalidOperationException("The server was started already.");

        try
        {
            _app = ServerComposition.Build(_options, _listeners, new QuietLoggerFactory(_loggers), _time);
            await _app.Services.GetRequiredService<AuthGates>().StartAsync(cancellationToken);
            await _app.Services.GetRequiredService<RegistrationKeeper>().StartAsync(cancellationToken);
            await _app.StartAsync(cancellationToken);
            _app.Services.GetRequiredService<NodeLifecycle>().BeginListening();
            await _app.Services.GetRequiredService<ICluster>().StartAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or ServerStartException))
        {
            await DisposeAsync();
            throw new ServerStartException(_listeners.Explain(exception), exception);
        }

        LogStarted(_app.Services.GetRequiredService<NodeIdentity>().Id, ProxyAddress, UpstreamAddress, AdminAddress);
    }

    /// <summary>
    /// Drains (<see cref="Drain"/>) for <see cref="ServerOptions.GracePeriod"/> at the most, then closes everything.
    /// <paramref name="cancellationToken"/> ends the patience at once.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        if (_app is null || _disposed)
            return;

        using var patience = new CancellationTokenSource(_options.GracePeriod, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        var isComplete = await _app.Services.GetRequiredService<Drain>().RunAsync(stop.Token);
        _app.Services.GetRequiredService<NodeLifecycle>().End();
        await _app.StopAsync(new CancellationToken(canceled: true)); // what is still open now has had its time
        LogStopped(isComplete ? "everything was finished" : "what still ran was cut off");
    }

    /// <summary>Closes everything at once; <see cref="StopAsync"/> before it lets running work finish.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;

        _disposed = true;
        if (_app is not null)
            await _app.DisposeAsync();
    }

    [LoggerMessage(2001, LogLevel.Information, "Node {NodeId} listens for clients on {Proxy}, for agents on {Upstream}; admin on {Admin}.")]
    private partial void LogStarted(string nodeId, IPEndPoint proxy, IPEndPoint upstream, IPEndPoint admin);

    [LoggerMessage(2002, LogLevel.Information, "The node has stopped: {How}.")]
    private partial void LogStopped(string how);
}
