using Microsoft.Extensions.Hosting;

namespace Pico.Server.Hosting;

/// <summary>The server starts and stops when its owner says so: signals are the owner's business.</summary>
internal sealed class NoHostLifetime : IHostLifetime
{
    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
