using Pico.Kubernetes.Discovery;
using Pico.Server.Auth.Ownership;

namespace Pico.Cli.Kubernetes;

/// <summary>PicoEndpoints as the server's knowledge of who has which endpoint ID.</summary>
internal sealed class KubernetesClaims(EndpointClaims claims) : IEndpointClaims
{
    /// <inheritdoc/>
    public Task Known => claims.Known;

    /// <inheritdoc/>
    public event Action<string>? Changed
    {
        add => claims.Changed += value;
        remove => claims.Changed -= value;
    }

    /// <inheritdoc/>
    public string? OwnerOf(string endpointId) => claims.OwnerOf(endpointId);

    /// <inheritdoc/>
    public Task RunAsync(CancellationToken stop) => claims.RunAsync(stop);
}
