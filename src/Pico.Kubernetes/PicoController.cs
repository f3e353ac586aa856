using System.Diagnostics.Metrics;
using System.Net;
using System.Security.Cryptography;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pico.Kubernetes.Hosting;
using Pico.Kubernetes.Injecting;
using Pico.Kubernetes.Injecting.Certificates;
using Pico.Kubernetes.Leading;
using Pico.Kubernetes.Reconciling;
using Pico.Kubernetes.Resources;
using Pico.Kubernetes.Resources.Client;
using Pico.Kubernetes.Watching;

namespace Pico.Kubernetes;

/// <summary>
/// A controller: on every replica (1) the own port, (2) the webhook; on the one that leads (3) the reconciliation. Replicas that do not lead keep nothing of the
/// cluster in memory.
/// </summary>
public sealed partial class PicoController : IAsyncDisposable
{
    /// <summary>What is under way has so long to end once the controller is asked to stop: many times what it needs, and less than the 30 s that pods have.</summary>
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(10);

    private readonly ControllerOptions _options;
    private readonly KubeClient _client;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _identity;
    private readonly AdminHost _admin;
    private readonly WebhookHost? _webhook;
    private readonly ServingCertificate _certificate;
    private readonly ApiVersion _version;

    /// <summary>
    /// Reads how the API server is reached; nothing is asked or listened to before <see cref="RunAsync"/>. Throws <see cref="IOException"/> when there is no
    /// usable configuration.
    /// </summary>
    /// <param name="options">Not to be changed afterwards; valid (<see cref="ControllerOptionsRules"/>).</param>
    /// <param name="rules">The agent's options, as annotations may set them.</param>
    /// <param name="loggers">Where logs go. It stays the caller's.</param>
    /// <param name="time">The clock.</param>
    public PicoController(ControllerOptions options, AgentOptionRules rules, ILoggerFactory loggers, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        var configuration = KubeConnection.Configure(options.KubeConfigFile);
        if (options.Namespace.Length == 0)
            options.Namespace = configuration.Namespace is { Length: > 0 } own ? own : "default";
        _options = options;
        _time = time;
        _logger = loggers.CreateLogger("Pico.Kubernetes");
        _client = KubeConnection.Connect(configuration, time);
        _identity = $"{Environment.MachineName}-{RandomHex(4)}";
        _version = new ApiVersion(_client, time, _logger);
        _certificate = new ServingCertificate(_logger);
        _admin = new AdminHost(options.BindAddress, WhatIsMissing, loggers);
        _admin.Metrics.CertificateRemaining = () => _certificate.NotAfter - time.GetUtcNow();
        if (options.Webhook.BindAddress.Length > 0)
        {
            var injector = new PodInjector(options.Agent, new InjectionPolicy(options.Webhook.ExcludedNamespaces), rules, static () => RandomHex(16));
            _webhook = new WebhookHost(options.Webhook, injector, _version, _certificate, _admin.Metrics, time, loggers);
        }
    }

    /// <summary>Where the own port listens, once it runs.</summary>
    public IPEndPoint Address => _admin.Address;

    /// <summary>Where the webhook listens, once it runs.</summary>
    public IPEndPoint? WebhookAddress => _webhook?.Address;

    /// <summary>The instruments that a controller has.</summary>
    public static IReadOnlyList<Instrument> DescribeInstruments()
    {
        var instruments = new List<Instrument>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, _) => instruments.Add(instrument) };
        listener.Start();
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        _ = new ControllerMetrics(meters);
        return [.. instruments.Where(i => i.Meter.Scope == meters)];
    }

    /// <summary>Works until <paramref name="stop"/>, and ends within 10 s of it, or 2 s after the webhook's drain delay, whatever the API server does. Throws <see cref="IOException"/> when a port is taken; troubles with the API server never end it.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        await _admin.StartAsync(stop); // 1.
        LogStarted(_identity, _options.Namespace, _options.WatchNamespaces.Count > 0 ? string.Join(", ", _options.WatchNamespaces) : "all");
        var elector = new LeaderElector(_client, _options.Namespace, _identity, _options.Leadership, _time, _logger);
        _admin.Metrics.IsLeader = () => elector.IsLeader;
        var running = new List<Task> { _version.RunAsync(stop) };
        if (_webhook is not null)
        {
            await _webhook.StartAsync(stop); // 2.
            running.Add(FollowCertificateAsync(stop));
        }

        running.Add(elector.RunAsync( // 3.
            lost => new LeaderTerm(_client, _options, _identity, _version, _admin.Metrics, _time, _logger).RunAsync(lost), stop));
        await EndAsync(Task.WhenAll(running), stop);
        LogStopped();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_webhook is not null)
            await _webhook.DisposeAsync();
        await _admin.DisposeAsync();
        _client.Dispose();
    }

    // What does not end in time writes nothing more: its calls are cancelled, and the Lease runs out by itself. The webhook goes on for a while.
    private async Task EndAsync(Task running, CancellationToken stop)
    {
        await Task.WhenAny(running, Task.Delay(Timeout.InfiniteTimeSpan, _time, stop));
        var drained = _webhook is not null && stop.IsCancellationRequested ? DrainAsync(_webhook) : Task.CompletedTask;
        try
        {
            await running.WaitAsync(StopTime, _time, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            LogLeftBehind(StopTime.TotalSeconds);
        }

        await drained;
    }

    private async Task DrainAsync(WebhookHost webhook)
    {
        webhook.BeginDraining();
        await Task.Delay(_options.Webhook.DrainDelay, _time, CancellationToken.None);
        await webhook.StopAsync();
    }

    private Task FollowCertificateAsync(CancellationToken stop)
    {
        if (!_options.Webhook.MakesCertificate)
            return new CertificateFiles(_options.Webhook, _certificate, _time, _logger).RunAsync(stop);
        var secrets = new ObjectStore<V1Secret>();
        secrets.Changed += (_, _, secret) =>
        {
            if (CertificateBundle.Of(secret) is { } bundle)
                _certificate.Use(bundle.Certificate, bundle.Key);
        };
        return new Informer<V1Secret, V1Secret>(
            _client, ResourceTypes.Secrets, ListQuery.ForName(_options.Namespace, _options.Webhook.SecretName), static s => s, secrets, _time, _logger).RunAsync(stop);
    }

    private string? WhatIsMissing() =>
        !_version.Known.IsCompletedSuccessfully ? "the API server has not answered yet"
        : _webhook is not null && _certificate.Current is null ? "the webhook has no certificate yet"
        : null;

    private static string RandomHex(int bytes) => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(bytes));

    [LoggerMessage(6001, LogLevel.Information, "Controller {Identity} in namespace {Namespace} looks after namespaces: {Watched}")]
    private partial void LogStarted(string identity, string @namespace, string watched);

    [LoggerMessage(6003, LogLevel.Warning, "Something did not end within {Seconds} s of the order to stop, and is left behind")]
    private partial void LogLeftBehind(double seconds);

    [LoggerMessage(6002, LogLevel.Information, "The controller has stopped")]
    private partial void LogStopped();
}
