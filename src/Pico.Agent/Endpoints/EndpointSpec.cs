using Pico.Tunnel.Protocol;

namespace Pico.Agent.Endpoints;

/// <summary>One endpoint that an agent serves: its ID, what the service speaks, and where the service is.</summary>
public sealed record EndpointSpec
{
    /// <summary>The endpoint ID in lower case (<see cref="EndpointId"/>).</summary>
    public required string Id { get; init; }

    /// <summary>What the service speaks on the stream, after TLS if there is any.</summary>
    public EndpointProtocol Protocol { get; init; } = EndpointProtocol.Http;

    /// <summary>The service's host name or IP address (IPv6 without brackets).</summary>
    public required string Host { get; init; }

    /// <summary>The service's port, 1 to 65,535.</summary>
    public required int Port { get; init; }

    /// <summary>If set, the agent speaks TLS to the service.</summary>
    public TlsSettings? Tls { get; init; }

    /// <summary>If set, the service is checked, and the endpoint withdrawn while it is unhealthy.</summary>
    public HealthCheckSettings? Health { get; init; }

    /// <summary>Where the service is, for logs and status, such as <c>https://[::1]:8443</c>.</summary>
    public string Target =>
        $"{Scheme}://{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}";

    private string Scheme => Protocol switch
    {
        EndpointProtocol.Tcp => "tcp",
        EndpointProtocol.H2C => "h2c",
        _ => Tls is null ? "http" : "https",
    };

    /// <summary>As <see cref="EndpointSpecParser"/> reads it.</summary>
    public override string ToString() => EndpointSpecWriter.Write(this);
}
