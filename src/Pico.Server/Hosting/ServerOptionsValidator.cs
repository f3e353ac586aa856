using System.Globalization;
using System.Net;
using Pico.Gossip;
using Pico.Server.Auth;
using Pico.Server.Auth.Issuers;
using Pico.Server.Cluster;
using Pico.Server.Hosting.Tls;
using Pico.Server.Limits;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Hosting;

/// <summary>Checks every option of a server, and gives all errors at once. It opens no socket, and reads no file but those of TLS.</summary>
public static class ServerOptionsValidator
{
    private const int MinHeadSize = 1024;
    private const int MaxHeadSize = 1024 * 1024;

    // What a timer takes.
    private static readonly TimeSpan MaxTime = TimeSpan.FromDays(24);

    /// <summary>What is wrong with <paramref name="options"/>; empty if nothing is.</summary>
    public static IReadOnlyList<OptionError> Validate(ServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var errors = new List<OptionError>();
        var (proxy, upstream) = (options.Proxy, options.Upstream);

        CheckAddresses(options, errors);
        TlsRules.Check(proxy.Tls, "proxy.tls", errors);
        TlsRules.Check(upstream.Tls, "upstream.tls", errors);
        TlsRules.Check(options.Admin.Tls, "admin.tls", errors);
        TokenAuthRules.Check(proxy.Auth, "proxy.auth", errors);
        if (proxy.Auth.IsEnabled && proxy.TlsPassthroughBindAddress.Length > 0 && !proxy.AllowUnauthenticatedTlsPassthrough)
        {
            errors.Add(new(
                "proxy.tls-passthrough-bind-addr", proxy.TlsPassthroughBindAddress,
                "none beside proxy.auth: its clients cannot send a token; proxy.allow-unauthenticated-tls-passthrough lets them in without one"));
        }

        TokenAuthRules.Check(upstream.Auth, "upstream.auth", errors);
        IssuerRules.Check(upstream.Issuers, "upstream.auth.issuers", errors);
        TokenAuthRules.Check(options.Admin.Auth, "admin.auth", errors);
        CheckDomain(proxy.BaseDomain, errors);
        foreach (var network in proxy.TrustedProxies)
        {
            if (!IPNetwork.TryParse(network, out _) && !IPAddress.TryParse(network, out _))
                errors.Add(new("proxy.trusted-proxies", network, "a network such as 10.0.0.0/8 or fd00::/8, or an address"));
        }

        Time("proxy.connect-timeout", proxy.ConnectTimeout, errors);
        Time("proxy.response-head-timeout", proxy.ResponseHeadTimeout, errors);
        Time("proxy.idle-timeout", proxy.IdleTimeout, errors);
        Time("proxy.keep-alive-timeout", proxy.KeepAliveTimeout, errors);
        Time("proxy.request-head-timeout", proxy.RequestHeadTimeout, errors);
        Time("proxy.stream-idle-timeout", proxy.StreamIdleTimeout, errors);
        Time("grace-period", options.GracePeriod, errors);
        Time("drain-delay", options.DrainDelay, errors);
        Number("proxy.max-request-head-size", proxy.MaxRequestHeadSize, MinHeadSize, MaxHeadSize, errors);
        Number("proxy.max-response-head-size", proxy.MaxResponseHeadSize, MinHeadSize, MaxHeadSize, errors);
        Number("proxy.max-connections", proxy.MaxConnections, 0, int.MaxValue, errors);
        LimitRules.Check(proxy.Limits, upstream.Limits, errors);
        Number("upstream.max-tunnels", upstream.MaxTunnels, 0, int.MaxValue, errors);
        ClusterRules.Check(options.Cluster, errors);
        Time("proxy.access-log.slow", proxy.AccessLog.Slow, errors);
        if (proxy.AccessLog.Sample is not (>= 0 and <= 1))
            errors.Add(new("proxy.access-log.sample", proxy.AccessLog.Sample.ToString(CultureInfo.InvariantCulture), "0 to 1"));
        if (proxy.AccessLog.Output.Length == 0)
            errors.Add(new("proxy.access-log.output", "", "stdout, or a file's path"));
        errors.AddRange(options.Tracing.Errors().Select(e => new OptionError(e.Name, e.Value, e.Allowed)));
        Time("cluster.join-timeout", options.Cluster.JoinTimeout, errors);
        if (System.Text.Encoding.UTF8.GetByteCount(options.NodeId) > NodeLife.MaxNodeIdBytes || options.NodeId.Any(char.IsControl))
            errors.Add(new("node-id", options.NodeId, $"at most {NodeLife.MaxNodeIdBytes} bytes without control characters"));
        return errors;
    }

    private static void CheckAddresses(ServerOptions options, List<OptionError> errors)
    {
        (string Key, string Value)[] addresses =
        [
            ("proxy.bind-addr", options.Proxy.BindAddress),
            ("upstream.bind-addr", options.Upstream.BindAddress),
            ("admin.bind-addr", options.Admin.BindAddress),
            ("proxy.tls-passthrough-bind-addr", options.Proxy.TlsPassthroughBindAddress),
            ("cluster.bind-addr", options.Cluster.IsEnabled ? options.Cluster.BindAddress : ""),
        ];
        var taken = new Dictionary<BindAddress, string>();
        foreach (var (key, value) in addresses)
        {
            if (value.Length == 0 && (key == "proxy.tls-passthrough-bind-addr" || !options.Cluster.IsEnabled && key == "cluster.bind-addr"))
                continue;
            if (!BindAddress.TryParse(value, out var address))
                errors.Add(new(key, value, BindAddress.Rule));
            else if (address.EndPoint.Port != 0 && !taken.TryAdd(address, key))
                errors.Add(new(key, value, $"an address of its own: {taken[address]} has this one"));
        }
    }

    private static void CheckDomain(string domain, List<OptionError> errors)
    {
        var name = domain.Trim('.');
        if (name.Length > 253 || (name.Length > 0 && !name.Split('.').All(label => EndpointId.IsValid(label))))
            errors.Add(new("proxy.base-domain", domain, "a domain name such as example.com"));
    }

    private static void Time(string key, TimeSpan value, List<OptionError> errors)
    {
        if (value < TimeSpan.Zero || value > MaxTime)
            errors.Add(new(key, value.ToString(), $"0 to {MaxTime.TotalDays.ToString(CultureInfo.InvariantCulture)} days"));
    }

    private static void Number(string key, int value, int least, int most, List<OptionError> errors)
    {
        if (value < least || value > most)
            errors.Add(new(key, value.ToString(CultureInfo.InvariantCulture), $"{least} to {most}"));
    }
}
