using Pico.Agent.Forwarding;

namespace Pico.Agent.Endpoints;

/// <summary>One endpoint that is served now: what was asked for, how to reach it, and whether it is well.</summary>
internal sealed class Endpoint(EndpointSpec spec, TimeProvider time)
{
    // Written by the health monitor's loop alone.
    private volatile bool _isHealthy = spec.Health is null;

    public EndpointSpec Spec { get; } = spec;

    public ServiceConnector Connector { get; } = new(spec, time);

    /// <summary>Bounds how often it is said that the service cannot be reached.</summary>
    public RepeatedMessage Unreachable { get; } = new(time);

    /// <summary>False until the first good check, if the service is checked at all.</summary>
    public bool IsHealthy
    {
        get => _isHealthy;
        set => _isHealthy = value;
    }
}
