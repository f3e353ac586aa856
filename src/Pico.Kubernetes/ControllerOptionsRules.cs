using Pico.Kubernetes.Injecting;

namespace Pico.Kubernetes;

/// <summary>What options of a controller have to do with each other. Gives the option's name, and what is wrong with it, in words for people.</summary>
public static class ControllerOptionsRules
{
    /// <summary>Everything that is wrong; empty if nothing is.</summary>
    public static IEnumerable<(string Name, string Problem)> Check(ControllerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (webhook, leadership, agent) = (options.Webhook, options.Leadership, options.Agent);
        if (options.UrlTemplate.Length > 0 && !options.UrlTemplate.Contains("{endpoint}", StringComparison.Ordinal))
            yield return ("url-template", "has no {endpoint}; give for example https://{endpoint}.example.com");
        if (webhook.CertificateFile.Length > 0 != webhook.KeyFile.Length > 0)
            yield return (webhook.KeyFile.Length > 0 ? "webhook.certificate-file" : "webhook.key-file", "missing; give the certificate and its key");
        if (webhook.BindAddress.Length > 0 && webhook.BindAddress == options.BindAddress && !webhook.BindAddress.EndsWith(":0", StringComparison.Ordinal))
            yield return ("webhook.bind-addr", "the same as bind-addr; give an address of its own");
        if (leadership.RenewDeadline >= leadership.LeaseDuration)
            yield return ("leadership.renew-deadline", "not less than leadership.lease-duration");
        if (leadership.RetryPeriod >= leadership.RenewDeadline)
            yield return ("leadership.retry-period", "not less than leadership.renew-deadline");
        if (agent.ServerCa.Length > 0 && !ServerAuthorities.AreFor(agent.Server))
            yield return ("agent.server-ca", "no server of agent.server begins with wss://, so nobody is to be trusted; leave it out, or give a wss:// server");
        if (Quantity.IsMore(agent.CpuRequest, agent.CpuLimit))
            yield return ("agent.cpu-request", "more than agent.cpu-limit");
        if (Quantity.IsMore(agent.MemoryRequest, agent.MemoryLimit))
            yield return ("agent.memory-request", "more than agent.memory-limit");
    }
}
