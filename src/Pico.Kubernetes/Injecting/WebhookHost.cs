using System.Net;
using System.Net.Security;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using Pico.Kubernetes.Hosting;
using Pico.Kubernetes.Injecting.Certificates;

namespace Pico.Kubernetes.Injecting;

/// <summary>The webhook's HTTPS port: <c>POST /inject</c> with an AdmissionReview. It answers every review with "allowed", also one that it does not understand.</summary>
internal sealed partial class WebhookHost(
    WebhookOptions options, PodInjector injector, ApiVersion version, ServingCertificate certificate, ControllerMetrics metrics, TimeProvider time, ILoggerFactory loggers)
    : IAsyncDisposable
{
    private const string Path = "/inject";

    // A pod is at most what etcd keeps, 1.5 MiB; the review holds it once.
    private const long MaxReview = 4 * 1024 * 1024;

    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(2);

    private readonly ILogger _logger = loggers.CreateLogger<WebhookHost>();
    private WebApplication? _app;
    private volatile bool _draining;

    /// <summary>Where it listens, once started.</summary>
    public IPEndPoint Address => HostPort.AddressOf(_app!);

    /// <summary>Listens; handshakes fail until there is a certificate.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _app = HostPort.Build(options.BindAddress, loggers, static _ => { }, listening => listening.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = _ => new ValueTask<SslServerAuthenticationOptions>(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificate.Current ?? throw new InvalidOperationException("The webhook has no certificate yet."),
            }),
        }), MaxReview);
        _app.Run(AnswerAsync);
        await _app.StartAsync(cancellationToken);
        LogListening(Address);
    }

    /// <summary>From now on responses end their connections, so that the API server comes by new ones, which go where its endpoints point.</summary>
    public void BeginDraining() => _draining = true;

    /// <summary>Finishes the reviews that are under way, for 2 s at the most, and listens no more.</summary>
    public async Task StopAsync()
    {
        using var patience = new CancellationTokenSource(StopTime, time);
        if (_app is not null)
            await _app.StopAsync(patience.Token);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (_draining && HttpProtocol.IsHttp11(context.Request.Protocol))
            context.Response.Headers.Connection = "close";
        if (context.Request.Path != Path || !HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var start = time.GetTimestamp();
        JsonNode? review = null;
        InjectionResult? result = null;
        try
        {
            review = await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
            if (AdmissionReviewer.Pod(review) is var (pod, @namespace))
            {
                result = injector.Inject(pod, @namespace, version.Current);
                if (result.Problems.Count > 0)
                    LogProblems(@namespace, NameOf(pod), string.Join("; ", result.Problems));
            }

            metrics.Reviewed(result ?? InjectionResult.NotAsked, time.GetElapsedTime(start));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            metrics.Reviewed(InjectionResult.NotAsked with { Outcome = InjectionOutcome.Failed }, time.GetElapsedTime(start));
            LogFailed(e);
            result = null;
        }

        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(AdmissionReviewer.Answer(review, result).ToJsonString(), context.RequestAborted);
    }

    private static string NameOf(JsonObject pod) => (string?)pod["metadata"]?["name"] ?? (string?)pod["metadata"]?["generateName"] ?? "";

    [LoggerMessage(6311, LogLevel.Information, "The webhook listens on {Address}")]
    private partial void LogListening(IPEndPoint address);

    [LoggerMessage(6312, LogLevel.Warning, "Pod {Namespace}/{Name}: {Problems}")]
    private partial void LogProblems(string @namespace, string name, string problems);

    [LoggerMessage(6313, LogLevel.Error, "A review could not be understood; its pod starts as it is")]
    private partial void LogFailed(Exception exception);
}
