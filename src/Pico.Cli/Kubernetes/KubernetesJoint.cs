using Microsoft.Extensions.Logging;
using Pico.Cli.Settings;
using Pico.Kubernetes.Discovery;
using Pico.Server.Hosting;

namespace Pico.Cli.Kubernetes;

/// <summary>Joins a server to the Kubernetes API, as far as its options ask for it: other nodes, the keys of ServiceAccount tokens, and who has which endpoint.</summary>
internal static partial class KubernetesJoint
{
    /// <summary>
    /// Gives the connection that the server uses from now on, to be disposed of after it; null if it uses none. Throws <see cref="ServerStartException"/> when there is none although the options cannot do
    /// without; looking for other nodes can, and is left out then.
    /// </summary>
    public static KubeAccess? Join(ServerSettings settings, ILoggerFactory loggers, TimeProvider time)
    {
        var (server, kubernetes) = (settings.Server, settings.Kubernetes);
        var hasAccounts = server.Upstream.Issuers.Any(i => i.IsLocal);
        if (!hasAccounts && !kubernetes.IsDiscovering)
            return null;

        KubeAccess access;
        try
        {
            access = KubeAccess.Open(kubernetes.ConfigFile, time);
        }
        catch (IOException e) when (!hasAccounts)
        {
            LogNoApi(loggers.CreateLogger("Pico.Kubernetes"), e.Message);
            return null;
        }
        catch (IOException e)
        {
            throw new ServerStartException($"upstream.auth.issuers: the ServiceAccounts of this cluster are known by the Kubernetes API alone, and {e.Message}", e);
        }

        if (kubernetes.IsDiscovering)
            server.Cluster.Discovery = new KubernetesNodes(access, kubernetes, loggers, time);
        if (hasAccounts)
        {
            server.Upstream.PlatformKeys = access.ReadIssuerKeysAsync;
            server.Upstream.Claims = new KubernetesClaims(new EndpointClaims(access, kubernetes.ClaimNamespaces, loggers, time));
        }

        return access;
    }

    [LoggerMessage(4101, LogLevel.Warning, "Other nodes are looked for by cluster.join alone, not by the Kubernetes API: {Reason}")]
    private static partial void LogNoApi(ILogger logger, string reason);
}
