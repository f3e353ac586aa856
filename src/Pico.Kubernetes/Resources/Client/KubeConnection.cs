using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;
using k8s.Exceptions;

namespace Pico.Kubernetes.Resources.Client;

/// <summary>How the API server is reached: in a pod by its ServiceAccount, else by a kubeconfig file.</summary>
internal static class KubeConnection
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    // A connection that was cut without a word is found dead within half a minute, and its watches begin anew.
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Reads the configuration: the file if one is named, else that of the pod, else <c>$KUBECONFIG</c> or <c>~/.kube/config</c>. Throws
    /// <see cref="IOException"/> when there is none that can be used.
    /// </summary>
    public static KubernetesClientConfiguration Configure(string kubeConfigFile)
    {
        try
        {
            return kubeConfigFile.Length > 0
                ? KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeConfigFile)
                : KubernetesClientConfiguration.BuildDefaultConfig();
        }
        catch (Exception e) when (e is KubeConfigException or KubernetesException or YamlDotNet.Core.YamlException)
        {
            throw new IOException($"the API server's address and credentials cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The same, but never what a person has on this machine: the file if one is named, else that of the pod.</summary>
    public static KubernetesClientConfiguration ConfigureServer(string kubeConfigFile) =>
        kubeConfigFile.Length > 0 || KubernetesClientConfiguration.IsInCluster()
            ? Configure(kubeConfigFile)
            : throw new IOException("this is no pod with a ServiceAccount token (no KUBERNETES_SERVICE_HOST, or no /var/run/secrets/kubernetes.io/serviceaccount/token), and no kube-config is given");

    /// <summary>Opens nothing yet.</summary>
    public static KubeClient Connect(KubernetesClientConfiguration configuration, TimeProvider time)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = ConnectTimeout,
            KeepAlivePingDelay = PingDelay,
            KeepAlivePingTimeout = PingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            EnableMultipleHttp2Connections = true,
            // Addresses of a load-balanced API server change.
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            AutomaticDecompression = System.Net.DecompressionMethods.GZip,
            UseCookies = false,
            AllowAutoRedirect = false,
            SslOptions = Tls(configuration),
        };
        var http = new HttpClient(handler)
        {
            BaseAddress = new Uri(configuration.Host),
            Timeout = Timeout.InfiniteTimeSpan, // each call has its own
            DefaultRequestVersion = System.Net.HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        return new KubeClient(http, k8s.Kubernetes.CreateCredentials(configuration), time);
    }

    private static SslClientAuthenticationOptions Tls(KubernetesClientConfiguration configuration)
    {
        var tls = new SslClientAuthenticationOptions();
        if (configuration.TlsServerName is { Length: > 0 } name)
            tls.TargetHost = name;
        if (ClientCertificate(configuration) is { } certificate)
            tls.ClientCertificates = [certificate];
        tls.RemoteCertificateValidationCallback = (_, _, _, errors) => errors == SslPolicyErrors.None || configuration.SkipTlsVerify;
        if (configuration.SslCaCerts is { } authorities)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        return tls;
    }

    private static X509Certificate2? ClientCertificate(KubernetesClientConfiguration configuration)
    {
        if (configuration is { ClientCertificateData: { Length: > 0 } data, ClientCertificateKeyData: { Length: > 0 } key })
            return X509Certificate2.CreateFromPem(Text(data), Text(key));
        return configuration is { ClientCertificateFilePath: { Length: > 0 } file, ClientKeyFilePath: { Length: > 0 } keyFile }
            ? X509Certificate2.CreateFromPemFile(file, keyFile)
            : null;

        static string Text(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));
    }
}
