using Pico.Kubernetes.Resources;
using Pico.Kubernetes.Resources.Client;

namespace Pico.Kubernetes.Discovery;

/// <summary>The API server as a server of Pico uses it: one connection for its pods, the claims of endpoint IDs and the keys of ServiceAccount tokens.</summary>
public sealed class KubeAccess : IDisposable
{
    private KubeAccess(KubeClient client, string @namespace) => (Client, Namespace) = (client, @namespace);

    /// <summary>The namespace of the pod or of the kubeconfig's context.</summary>
    public string Namespace { get; }

    internal KubeClient Client { get; }

    /// <summary>
    /// Reads how the API server is reached; asks nothing yet. Throws <see cref="IOException"/> when that cannot be read, as outside of a pod. A kubeconfig that is not named is never used.
    /// </summary>
    /// <param name="kubeConfigFile">A kubeconfig file; empty: the pod's ServiceAccount, whose token is read again as it is renewed.</param>
    /// <param name="time">The clock.</param>
    public static KubeAccess Open(string kubeConfigFile, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(kubeConfigFile);
        var configuration = KubeConnection.ConfigureServer(kubeConfigFile);
        return Over(KubeConnection.Connect(configuration, time), configuration.Namespace is { Length: > 0 } own ? own : "default");
    }

    internal static KubeAccess Over(KubeClient client, string @namespace) => new(client, @namespace);

    /// <summary>
    /// The keys by which this cluster signs ServiceAccount tokens, a JSON Web Key Set (RFC 7517). Throws what keeps it from being read, in words that say which permission is missing.
    /// </summary>
    public async Task<string> ReadIssuerKeysAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await Client.GetIssuerKeysAsync(cancellationToken);
        }
        catch (KubeApiException e) when (e.IsForbidden)
        {
            throw new IOException($"it needs the verb get on the nonResourceURL /openid/v1/jwks (ClusterRole system:service-account-issuer-discovery): {e.Message}", e);
        }
    }

    /// <summary>
    /// Evicts a pod. False if it is not let go now, as by a PodDisruptionBudget, or gone already. Throws what keeps it from being asked, in words that say which permission is missing.
    /// </summary>
    /// <param name="namespace">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="uid">Its UID: another pod of that name is left alone.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<bool> EvictAsync(string @namespace, string name, string uid, CancellationToken cancellationToken)
    {
        var version = await Client.GetVersionAsync(cancellationToken);
        try
        {
            return await Client.EvictAsync(new ObjectKey(@namespace, name), uid, version, cancellationToken);
        }
        catch (KubeApiException e) when (e.IsForbidden)
        {
            throw new IOException($"it needs the verb create on pods/eviction in the namespace {@namespace}: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Client.Dispose();
}
