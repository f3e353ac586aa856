using System.Net;
using Pico.Agent.Dialing;
using Pico.Agent.Endpoints;

namespace Pico.Agent.Forward;

/// <summary>Everything that can be set on <c>pico forward</c>.</summary>
public sealed class PortForwarderOptions
{
    /// <summary>Where to listen; port 0 takes a free one. <see cref="TryParseListen"/> reads it from text.</summary>
    public IPEndPoint Listen { get; set; } = new(IPAddress.Loopback, 0);

    /// <summary>The TCP endpoint that connections go to (<see cref="Tunnel.Protocol.EndpointId"/>).</summary>
    public string EndpointId { get; set; } = "";

    /// <summary>The server's proxy port, <c>ws://</c>, <c>wss://</c>, <c>http://</c> or <c>https://</c>. Default <c>ws://localhost:8000</c>.</summary>
    public Uri Server { get; set; } = new("ws://localhost:8000");

    /// <summary>TLS with a <c>wss://</c> server. Default: its certificate is checked by the system's authorities, and none is shown.</summary>
    public TlsSettings ServerTls { get; set; } = TlsSettings.Default;

    /// <summary>The HTTP proxy on the way to the server. Default: what the environment says.</summary>
    public HttpProxySettings HttpProxy { get; set; } = new();

    /// <summary>The credential, sent as <c>Authorization: Bearer</c> (RFC 6750); one of this and <see cref="TokenFile"/>. Default: none.</summary>
    public string Token { get; set; } = "";

    /// <summary>A file with the credential, read again at every connect. Default: none.</summary>
    public string TokenFile { get; set; } = "";

    /// <summary>How long a connect to the server may take, for each of its addresses. Default 5 s.</summary>
    public TimeSpan ServerConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long connections may take to finish when the forwarder stops. Default 10 s.</summary>
    public TimeSpan GracePeriod { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Reads where to listen: <c>5432</c> (loopback), <c>0.0.0.0:5432</c>, <c>[::1]:5432</c> or <c>:5432</c> (all addresses).
    /// </summary>
    public static bool TryParseListen(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IPEndPoint? listen)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Net.BindAddressParser.TryParse(text.Contains(':', StringComparison.Ordinal) ? text : $"localhost:{text}", out listen);
    }

    /// <summary>Says everything that is wrong with the options, one message for each; empty when nothing is.</summary>
    public IReadOnlyList<string> Validate()
    {
        var errors = new List<string>();
        if (!Tunnel.Protocol.EndpointId.IsValid(EndpointId))
            errors.Add($"\"{EndpointId}\" is no endpoint ID: give {Tunnel.Protocol.EndpointId.Rule}.");
        if (!Dialing.ServerUrl.TryParse(Server.OriginalString, out _, out var error))
            errors.Add(error);
        if (ServerTls.Problem is { } problem)
            errors.Add(problem);
        if (!HttpProxySettings.IsValid(HttpProxy.Url))
            errors.Add("The HTTP proxy is none; give http://host:port, https://host:port or none.");
        if (ServerConnectTimeout <= TimeSpan.Zero)
            errors.Add($"The server's connect time-out is {ServerConnectTimeout}; give more than zero.");
        if (GracePeriod < TimeSpan.Zero)
            errors.Add($"The grace period is {GracePeriod}; give zero or more.");
        return errors;
    }
}
