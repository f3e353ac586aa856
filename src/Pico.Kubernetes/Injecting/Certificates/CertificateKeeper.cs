using System.Text;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Pico.Kubernetes.Resources;
using Pico.Kubernetes.Resources.Client;
using Pico.Kubernetes.Watching;

namespace Pico.Kubernetes.Injecting.Certificates;

/// <summary>
/// The leader's care for the webhook's certificate, looked at whenever the Secret or the configuration changes, each minute, and when the certificate is due: (1) what
/// should be in the Secret; (2) first the API servers are told whom to trust, and have a moment to hear of it; (3) then the Secret is written, from which every replica
/// takes its certificate; so there is no moment in which a served certificate is not trusted, also when somebody has deleted the Secret.
/// </summary>
internal sealed partial class CertificateKeeper(KubeClient client, string @namespace, WebhookOptions options, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // API servers watch the configuration; this is many times what they need.
    private static readonly TimeSpan UntilTrusted = TimeSpan.FromSeconds(3);

    /// <summary>The names under which the API server calls the webhook.</summary>
    private readonly string[] _names =
        [$"{options.ServiceName}.{@namespace}.svc", $"{options.ServiceName}.{@namespace}.svc.cluster.local", $"{options.ServiceName}.{@namespace}"];

    /// <summary>Runs while leading.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var queue = new WorkQueue<string>(time);
        var secrets = new ObjectStore<V1Secret>();
        var webhooks = new ObjectStore<V1MutatingWebhookConfiguration>();
        secrets.Changed += (_, _, _) => queue.Add(options.SecretName);
        webhooks.Changed += (_, _, _) => queue.Add(options.SecretName);
        queue.Add(options.SecretName);
        var workers = new Workers<string>(queue, (_, token) => KeepAsync(token), static (_, _, _) => { }, time, logger);
        await Task.WhenAll(
            new Informer<V1Secret, V1Secret>(
                client, ResourceTypes.Secrets, ListQuery.ForName(@namespace, options.SecretName), static s => s, secrets, time, logger).RunAsync(stop),
            new Informer<V1MutatingWebhookConfiguration, V1MutatingWebhookConfiguration>(
                client, ResourceTypes.MutatingWebhooks, ListQuery.ForName(null, options.ConfigurationName), static w => w, webhooks, time, logger).RunAsync(stop),
            workers.RunAsync(1, stop));
    }

    private async Task<TimeSpan?> KeepAsync(CancellationToken stop)
    {
        var secret = await client.GetAsync(ResourceTypes.Secrets, @namespace, options.SecretName, stop);
        var configuration = await client.GetAsync(ResourceTypes.MutatingWebhooks, null, options.ConfigurationName, stop);
        if (configuration?.Webhooks is null)
            LogNoConfiguration(options.ConfigurationName);
        var trusted = configuration?.Webhooks?.FirstOrDefault()?.ClientConfig.CaBundle is { Length: > 0 } bundle ? Encoding.ASCII.GetString(bundle) : null;
        var current = CertificateBundle.Of(secret);
        var next = CertificateMaker.Next(current, trusted, _names, time.GetUtcNow(), options.CertificateLifetime); // 1.
        var kept = (next ?? current)!;
        if (configuration?.Webhooks is not null && await TrustAsync(configuration, kept.Authorities, stop) && next is not null && trusted is not null) // 2.
            await Task.Delay(UntilTrusted, time, stop);
        if (next is not null)
            await WriteAsync(secret, next, stop); // 3.
        var due = CertificateMaker.ReplaceAt(kept) - time.GetUtcNow() + TimeSpan.FromSeconds(1);
        return due < Interval && due > TimeSpan.Zero ? due : Interval;
    }

    /// <summary>True if the API server did not trust these yet.</summary>
    private async Task<bool> TrustAsync(V1MutatingWebhookConfiguration configuration, string authorities, CancellationToken stop)
    {
        var bundle = Encoding.ASCII.GetBytes(authorities);
        if (configuration.Webhooks.All(w => w.ClientConfig.CaBundle is { } has && has.AsSpan().SequenceEqual(bundle)))
            return false;
        foreach (var webhook in configuration.Webhooks)
            webhook.ClientConfig.CaBundle = bundle;
        configuration.ApiVersion = ResourceTypes.MutatingWebhooks.ApiVersion;
        configuration.Kind = ResourceTypes.MutatingWebhooks.Kind;
        await client.ReplaceAsync(ResourceTypes.MutatingWebhooks, configuration, stop);
        LogTrusted(options.ConfigurationName);
        return true;
    }

    private async Task WriteAsync(V1Secret? before, CertificateBundle bundle, CancellationToken stop)
    {
        var secret = new V1Secret
        {
            ApiVersion = ResourceTypes.Secrets.ApiVersion,
            Kind = ResourceTypes.Secrets.Kind,
            Metadata = new V1ObjectMeta
            {
                Name = options.SecretName,
                NamespaceProperty = @namespace,
                ResourceVersion = before?.Metadata.ResourceVersion,
                Labels = new Dictionary<string, string> { [PicoNames.ManagedBy] = PicoNames.Controller },
            },
            Type = before?.Type ?? "kubernetes.io/tls",
            Data = bundle.ToData(),
        };
        if (before is null)
            await client.CreateAsync(ResourceTypes.Secrets, secret, stop);
        else
            await client.ReplaceAsync(ResourceTypes.Secrets, secret, stop);
        LogWritten(options.SecretName);
    }

    [LoggerMessage(6421, LogLevel.Information, "A new certificate for the webhook is in the Secret {Secret}")]
    private partial void LogWritten(string secret);

    [LoggerMessage(6422, LogLevel.Information, "The MutatingWebhookConfiguration {Configuration} trusts the webhook's authority")]
    private partial void LogTrusted(string configuration);

    [LoggerMessage(6423, LogLevel.Warning, "There is no MutatingWebhookConfiguration {Configuration}: no pod gets an agent until it is made")]
    private partial void LogNoConfiguration(string configuration);
}
