using System.Net;
using Microsoft.Extensions.Logging;
using Pico.Agent.Dialing;
using Pico.Agent.Endpoints;
using Pico.Agent.Forwarding;
using Pico.Agent.Health;
using Pico.Agent.Local;
using Pico.Agent.Net;
using Pico.Agent.Tunnels;

namespace Pico.Agent;

/// <summary>An agent: serves endpoints to a Pico server through tunnels that it opens (docs/request-path.md).</summary>
public sealed partial class PicoAgent : IAsyncDisposable
{
    private const string TunnelPath = "/pico/v1/tunnel";

    /// <summary>What all streams together may take for reading from services, beyond 4 KiB for each that has something to read.</summary>
    private const long ReceiveBudgetBytes = 4 * 1024 * 1024;

    /// <summary>How long an agent that was asked to drain waits for the signal that ends it. After that it ends by itself, to be started anew by whoever runs it.</summary>
    private static readonly TimeSpan EndAfterDrain = TimeSpan.FromMinutes(1);

    private readonly AgentOptions _options;
    private readonly ILogger _logger;
    private readonly Readiness _readiness;
    private readonly EndpointTable _table;
    private readonly StreamForwarder _forwarder;
    private readonly CredentialSource _credentials;
    private readonly TunnelSet _tunnels;
    private readonly EndpointsFile? _file;
    private readonly HealthMonitor _health;
    private readonly LocalServer? _local;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _drain = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// Reads the endpoints file and listens on the agent's own port; nothing is dialled before <see cref="RunAsync"/>. Throws
    /// <see cref="AgentConfigurationException"/> with everything that is wrong, and <see cref="System.Net.Sockets.SocketException"/> when the
    /// port is taken.
    /// </summary>
    public PicoAgent(AgentOptions options, ILoggerFactory loggers, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loggers);
        Require(options.Validate());
        _options = options;
        _time = time;
        _logger = loggers.CreateLogger("Pico.Agent");
        _table = new EndpointTable(time);
        _table.Update(options.Endpoints);
        if (options.EndpointsFile.Length > 0)
        {
            _file = new EndpointsFile(options.EndpointsFile, options.PodLabelsFile, _table, options.Endpoints, time, _logger);
            var errors = _file.Load();
            // A file that pods share is not this agent's to refuse.
            if (options.PodLabelsFile.Length == 0)
                Require(errors);
            foreach (var error in errors)
                LogSharedFile(error);
        }

        var traffic = new ForwardingStatistics();
        var pump = new BytePump(new ReceiveBuffers(ReceiveBudgetBytes), time, traffic);
        var connector = new ServerConnector(options.ServerTls, options.HttpProxy, options.ServerConnectTimeout, time);
        _credentials = new CredentialSource(options.Token, options.TokenFile, time, _logger);
        var dialer = new TunnelDialer(options.Servers, TunnelPath, connector, _credentials, time);
        _readiness = new Readiness(time);
        _forwarder = new StreamForwarder(pump, traffic, options.ServiceConnectTimeout, options.MaxConcurrentConnects, time, _logger);
        _tunnels = new TunnelSet(options, dialer, _table, _forwarder, _readiness, time, _logger);
        _health = new HealthMonitor(_table, time, _logger);
        if (BindAddressParser.TryParse(options.BindAddress, out var address))
            _local = new LocalServer(address, new AgentPages(options, _table, _tunnels, traffic, _readiness, time, DrainAsync).AnswerAsync, time, _logger);
        if (_table.Endpoints.Count == 0)
            _readiness.SetReady();
    }

    /// <summary>Where the agent's own port listens; null if it has none.</summary>
    public IPEndPoint? LocalAddress => _local?.Address;

    /// <summary>Completes when the agent is ready: after the first registration, after 30 s, or at once when there is nothing to register.</summary>
    public Task WhenReady => _readiness.WhenReady;

    /// <summary>
    /// Serves until <paramref name="stop"/>, then drains: withdraws every endpoint, lets the streams in flight finish within
    /// <see cref="AgentOptions.GracePeriod"/>, and closes the tunnels. Lost servers and services never end it.
    /// </summary>
    public async Task RunAsync(CancellationToken stop)
    {
        LogStarted(_options.Name, string.Join(", ", _options.Servers), string.Join(", ", _table.Endpoints.Values.Select(e => e.Spec)));
        // Until the drain is over, and only then, the own port answers.
        using var over = new CancellationTokenSource();
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(stop, _drain.Token);
        await using var draining = leave.Token.UnsafeRegister(static state => ((PicoAgent)state!).BeginDrain(), this);
        var aside = Task.WhenAll(
            _local?.RunAsync(over.Token) ?? Task.CompletedTask,
            _file?.WatchAsync(leave.Token) ?? Task.CompletedTask,
            _credentials.WatchAsync(leave.Token),
            _health.RunAsync(leave.Token));
        await _tunnels.RunAsync(leave.Token).ConfigureAwait(false);
        _drained.SetResult();
        if (!stop.IsCancellationRequested)
            await Task.Delay(EndAfterDrain, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await over.CancelAsync().ConfigureAwait(false);
        await aside.ConfigureAwait(false);
        LogStopped();
    }

    /// <summary>
    /// Begins to drain, as at its end, and completes when every endpoint is withdrawn and no stream is left, or the grace period is over. The agent then waits for
    /// the end of <see cref="RunAsync"/> to be asked for.
    /// </summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        await _drain.CancelAsync().ConfigureAwait(false);
        await _drained.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Frees the own port. Cancel <see cref="RunAsync"/> and await it first.</summary>
    public ValueTask DisposeAsync()
    {
        _local?.Dispose();
        _readiness.Dispose();
        _forwarder.Dispose();
        _credentials.Dispose();
        _drain.Dispose();
        return ValueTask.CompletedTask;
    }

    private void BeginDrain()
    {
        _readiness.SetDraining();
        LogDraining(_options.GracePeriod.TotalSeconds);
    }

    private static void Require(IReadOnlyList<string> errors)
    {
        if (errors.Count > 0)
            throw new AgentConfigurationException(errors);
    }

    [LoggerMessage(3001, LogLevel.Information, "Agent {Name} connects to {Servers} and serves: {Endpoints}")]
    private partial void LogStarted(string name, string servers, string endpoints);

    [LoggerMessage(3002, LogLevel.Information, "Draining: streams in flight may finish within {Seconds} s")]
    private partial void LogDraining(double seconds);

    [LoggerMessage(3004, LogLevel.Error, "Something in the endpoints file is wrong; the rest of it holds: {Error}")]
    private partial void LogSharedFile(string error);

    [LoggerMessage(3003, LogLevel.Information, "The agent has stopped")]
    private partial void LogStopped();
}
