using Pico.Agent.Dialing;
using Pico.Agent.Endpoints;

namespace Pico.Agent;

/// <summary>Everything that can be set on an agent. One object, bound by the command line (docs/configuration.md).</summary>
public sealed class AgentOptions
{
    /// <summary>The endpoints this agent serves, from flags (<see cref="EndpointSpecParser"/>). Default: none.</summary>
    public IReadOnlyList<EndpointSpec> Endpoints { get; set; } = [];

    /// <summary>
    /// A YAML file with more endpoints. It is watched: changes take effect while the agent runs. It may be
    /// missing at first, and be a symbolic link that is replaced. Default: none.
    /// </summary>
    public string EndpointsFile { get; set; } = "";

    /// <summary>
    /// A file with the labels of the agent's pod, as Kubernetes' downward API writes them, watched too. With it <see cref="EndpointsFile"/> is one that several pods
    /// share: its endpoints may have a <c>selector</c>, and those that do not select this pod are not served. Default: none.
    /// </summary>
    public string PodLabelsFile { get; set; } = "";

    /// <summary>
    /// The servers' upstream ports, <c>ws://</c>, <c>wss://</c>, <c>http://</c> or <c>https://</c> (<see cref="Dialing.ServerUrl"/>). With several, each
    /// try to connect takes the next. Default <c>ws://localhost:8001</c>.
    /// </summary>
    public IReadOnlyList<Uri> Servers { get; set; } = [new("ws://localhost:8001")];

    /// <summary>TLS with <c>wss://</c> servers. Default: their certificates are checked by the system's authorities, and none is shown.</summary>
    public TlsSettings ServerTls { get; set; } = TlsSettings.Default;

    /// <summary>The HTTP proxy on the way to the servers. Default: what the environment says.</summary>
    public HttpProxySettings HttpProxy { get; set; } = new();

    /// <summary>A name for people, shown in status and logs of the servers. Default: the host name.</summary>
    public string Name { get; set; } = Environment.MachineName;

    /// <summary>The credential, sent as <c>Authorization: Bearer</c> (RFC 6750); one of this and <see cref="TokenFile"/>. Default: none.</summary>
    public string Token { get; set; } = "";

    /// <summary>
    /// A file with the credential, read again at every connect and every few seconds: a new one replaces the tunnels, make before break. Default: none.
    /// </summary>
    public string TokenFile { get; set; } = "";

    /// <summary>How many tunnels are held, to distinct nodes where there are as many; 1 to 16. Default 2.</summary>
    public int Connections { get; set; } = 2;

    /// <summary>
    /// How long streams in flight may take to finish when the agent stops or a tunnel is replaced. Streams of an endpoint that is removed are left to finish by themselves. Default 1 minute.
    /// </summary>
    public TimeSpan GracePeriod { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The first bound of the random wait before a lost or failed tunnel is tried again; it doubles with every failure. Default 250 ms.
    /// </summary>
    public TimeSpan ReconnectMinDelay { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The greatest bound of that wait. Default 15 s.</summary>
    public TimeSpan ReconnectMaxDelay { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a connect to the server may take, for each of its addresses. Default 5 s.</summary>
    public TimeSpan ServerConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a connect to a service may take, over all of its addresses and with TLS. Default 5 s.</summary>
    public TimeSpan ServiceConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many connects to services may be under way at once; more wait their turn. 1 to 65,535. Default 256.</summary>
    public int MaxConcurrentConnects { get; set; } = 256;

    /// <summary>
    /// Where the agent's own port listens, <c>[host]:port</c>, with <c>/health</c>, <c>/ready</c>, <c>/metrics</c> and <c>/status</c>; port 0 takes
    /// a free one. Without a host: all addresses. Default: no such port.
    /// </summary>
    public string BindAddress { get; set; } = "";

    /// <summary>
    /// If set, whoever knows it may ask the agent from outside the pod to drain, by <c>GET /drain/KEY</c> on its own port; from inside, <c>/drain</c> needs no key.
    /// Default: none.
    /// </summary>
    public string DrainKey { get; set; } = "";

    /// <summary>Whether <c>/ready</c> says no while nothing is registered, however long that lasts. Default false.</summary>
    public bool StrictReadiness { get; set; }

    /// <summary>Says everything that is wrong with the options, one message for each; empty when nothing is.</summary>
    public IReadOnlyList<string> Validate()
    {
        var errors = new List<string>();
        EndpointSpecParser.RefuseDuplicates(Endpoints, errors);
        if (Servers.Count == 0)
            errors.Add("No server is given; give its upstream port, such as ws://localhost:8001.");
        foreach (var server in Servers)
        {
            if (!Dialing.ServerUrl.TryParse(server.OriginalString, out _, out var error))
                errors.Add(error);
        }

        if (ServerTls.Problem is { } problem)
            errors.Add(problem);
        if (!HttpProxySettings.IsValid(HttpProxy.Url))
            errors.Add("The HTTP proxy is none; give http://host:port, https://host:port or none.");
        if (PodLabelsFile.Length > 0 && EndpointsFile.Length == 0)
            errors.Add("A file with the pod's labels is given without an endpoints file that they could select from.");
        RequireRange(Connections, 1, 16, "The number of connections", errors);
        RequireRange(MaxConcurrentConnects, 1, ushort.MaxValue, "The number of concurrent connects", errors);
        RequirePositive(ReconnectMinDelay, "The least reconnect delay", errors);
        RequirePositive(ServerConnectTimeout, "The server's connect time-out", errors);
        RequirePositive(ServiceConnectTimeout, "The service's connect time-out", errors);
        if (ReconnectMaxDelay < ReconnectMinDelay)
            errors.Add($"The greatest reconnect delay ({ReconnectMaxDelay}) is less than the least ({ReconnectMinDelay}).");
        if (GracePeriod < TimeSpan.Zero)
            errors.Add($"The grace period is {GracePeriod}; give zero or more.");
        if (BindAddress.Length > 0 && !Net.BindAddressParser.TryParse(BindAddress, out _))
            errors.Add($"\"{BindAddress}\" is no address to listen on; give [host]:port, such as :8004 or 127.0.0.1:8004.");
        return errors;
    }

    private static void RequireRange(int value, int least, int greatest, string what, List<string> errors)
    {
        if (value < least || value > greatest)
            errors.Add($"{what} is {value}; give {least} to {greatest}.");
    }

    private static void RequirePositive(TimeSpan value, string what, List<string> errors)
    {
        if (value <= TimeSpan.Zero)
            errors.Add($"{what} is {value}; give more than zero.");
    }
}
