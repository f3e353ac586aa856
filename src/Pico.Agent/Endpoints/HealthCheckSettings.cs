namespace Pico.Agent.Endpoints;

/// <summary>How the agent finds out whether a service is well; one that isn't is withdrawn from the servers until it recovers.</summary>
public sealed record HealthCheckSettings
{
    /// <summary>
    /// An HTTP path (beginning with <c>/</c>) that must answer <c>GET</c> with a 2xx status. Empty: a connect to the service is enough (with
    /// TLS, its handshake too).
    /// </summary>
    public string Path { get; init; } = "";

    /// <summary>From one check to the next, 100 ms or more. Default 10 s.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one check may take. Default 2 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>After so many good checks in a row an unhealthy endpoint is healthy again; 1 to 100. Default 1.</summary>
    public int HealthyThreshold { get; init; } = 1;

    /// <summary>After so many bad checks in a row a healthy endpoint is unhealthy; 1 to 100. Default 3.</summary>
    public int UnhealthyThreshold { get; init; } = 3;
}
