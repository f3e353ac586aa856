namespace Pico.Kubernetes.Injecting;

/// <summary>The webhook that adds agents to pods.</summary>
public sealed class WebhookOptions
{
    /// <summary>Where it is served, HTTPS, <c>[host]:port</c>; empty: there is no webhook. Default <c>:8443</c>.</summary>
    public string BindAddress { get; set; } = ":8443";

    /// <summary>Its certificate chain (PEM), watched; with <see cref="KeyFile"/>. Default: the controller makes and rotates its own.</summary>
    public string CertificateFile { get; set; } = "";

    /// <summary>The private key (PEM).</summary>
    public string KeyFile { get; set; } = "";

    /// <summary>The Secret of the certificate that the controller makes, in its own namespace. Default <c>pico-webhook-certificate</c>.</summary>
    public string SecretName { get; set; } = "pico-webhook-certificate";

    /// <summary>The Service through which the API server calls it, in the controller's own namespace. Default <c>pico-webhook</c>.</summary>
    public string ServiceName { get; set; } = "pico-webhook";

    /// <summary>The MutatingWebhookConfiguration that is told the certificate's authority. Default <c>pico-injector</c>.</summary>
    public string ConfigurationName { get; set; } = "pico-injector";

    /// <summary>How long a certificate of the controller's is valid; it is renewed at two thirds. Default 90 days.</summary>
    public TimeSpan CertificateLifetime { get; set; } = TimeSpan.FromDays(90);

    /// <summary>
    /// How long the webhook of a controller that is asked to stop still answers, until the API server has noticed: a pod that it is asked about after would start without its
    /// agent. Default 3 s.
    /// </summary>
    public TimeSpan DrainDelay { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Namespaces whose pods never get an agent, beside <c>kube-system</c>. Default: none.</summary>
    public IReadOnlyList<string> ExcludedNamespaces { get; set; } = [];

    /// <summary>True if the controller makes the certificate itself.</summary>
    public bool MakesCertificate => BindAddress.Length > 0 && CertificateFile.Length == 0;
}
