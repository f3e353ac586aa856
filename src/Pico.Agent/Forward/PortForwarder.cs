using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Pico.Agent.Dialing;
using Pico.Agent.Forwarding;
using Pico.Agent.Net;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Agent.Forward;

/// <summary>
/// <c>pico forward</c>: listens locally and carries each TCP connection to a TCP endpoint, as a stream of one tunnel through the server's proxy
/// port. The tunnel is opened when the first connection needs it, and again when it was lost.
/// </summary>
public sealed partial class PortForwarder : IAsyncDisposable
{
    private const string ForwardPath = "/pico/v1/forward";
    private const int MaxConnections = 10_000;
    private const long ReceiveBudgetBytes = 8 * 1024 * 1024;

    private readonly PortForwarderOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ForwardingStatistics _traffic = new();
    private readonly RepeatedMessage _failure;
    private readonly CredentialSource _credentials;
    private readonly ForwardTunnel _tunnel;
    private readonly BytePump _pump;
    private readonly Socket _listener;

    /// <summary>
    /// Listens from now on. Throws <see cref="AgentConfigurationException"/> with everything that is wrong with the options, and
    /// <see cref="SocketException"/> when the port is taken.
    /// </summary>
    public PortForwarder(PortForwarderOptions options, ILoggerFactory loggers, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loggers);
        if (options.Validate() is { Count: > 0 } errors)
            throw new AgentConfigurationException(errors);
        _options = options;
        _time = time;
        _logger = loggers.CreateLogger("Pico.Forward");
        _failure = new RepeatedMessage(time);
        var connector = new ServerConnector(options.ServerTls, options.HttpProxy, options.ServerConnectTimeout, time);
        _credentials = new CredentialSource(options.Token, options.TokenFile, time, _logger);
        var dialer = new TunnelDialer([options.Server], ForwardPath, connector, _credentials, time);
        _tunnel = new ForwardTunnel(dialer, time, _logger);
        _pump = new BytePump(new ReceiveBuffers(ReceiveBudgetBytes), time, _traffic);
        _listener = ListeningSocket.Listen(options.Listen);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint LocalAddress => (IPEndPoint)_listener.LocalEndPoint!;

    /// <summary>
    /// Forwards until <paramref name="stop"/>; then takes no new connections, and lets those that are open finish within
    /// <see cref="PortForwarderOptions.GracePeriod"/>. Lost servers never end it.
    /// </summary>
    public async Task RunAsync(CancellationToken stop)
    {
        LogListening(LocalAddress, _options.EndpointId, _options.Server);
        using var room = new SemaphoreSlim(MaxConnections);
        try
        {
            while (true)
            {
                await room.WaitAsync(stop).ConfigureAwait(false);
                var socket = await ListeningSocket.AcceptAsync(_listener, _time, stop).ConfigureAwait(false);
                _ = ForwardAsync(socket, room, stop);
            }
        }
        catch (OperationCanceledException)
        {
            _listener.Dispose();
            await _tunnel.FinishAsync(_options.GracePeriod).ConfigureAwait(false);
        }
    }

    /// <summary>Frees the port. Cancel <see cref="RunAsync"/> and await it first.</summary>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _tunnel.DisposeAsync().ConfigureAwait(false);
        _credentials.Dispose();
    }

    private async Task ForwardAsync(Socket socket, SemaphoreSlim room, CancellationToken stop)
    {
        using var client = new SocketConnection(socket);
        try
        {
            var open = new StreamOpen { EndpointId = _options.EndpointId.ToLowerInvariant(), Protocol = EndpointProtocol.Tcp };
            var stream = await _tunnel.OpenAsync(open, stop).ConfigureAwait(false);
            if (_failure.Clear())
                LogRecovered(_options.EndpointId);
            if (await _pump.RunAsync(stream, client).ConfigureAwait(false) is { } broken)
                LogBroken(broken.Message);
        }
        catch (Exception e)
        {
            client.Abort();
            if (!stop.IsCancellationRequested && _failure.ShouldSay(e is StreamException s ? s.Error.ToString() : e.GetType().Name))
                LogRefused(_options.EndpointId, e.Message);
            else
                LogRefusedAgain(e.Message);
        }
        finally
        {
            if (!stop.IsCancellationRequested)
                room.Release();
        }
    }

    [LoggerMessage(3601, LogLevel.Information, "Forwarding {Address} to endpoint {Endpoint} through {Server}")]
    private partial void LogListening(IPEndPoint address, string endpoint, Uri server);

    [LoggerMessage(3602, LogLevel.Warning, "Connections to {Endpoint} are reset: {Reason}")]
    private partial void LogRefused(string endpoint, string reason);

    [LoggerMessage(3603, LogLevel.Debug, "A connection was reset: {Reason}")]
    private partial void LogRefusedAgain(string reason);

    [LoggerMessage(3604, LogLevel.Debug, "The local side broke a connection: {Reason}")]
    private partial void LogBroken(string reason);

    [LoggerMessage(3605, LogLevel.Information, "Connections to {Endpoint} go through again")]
    private partial void LogRecovered(string endpoint);
}
