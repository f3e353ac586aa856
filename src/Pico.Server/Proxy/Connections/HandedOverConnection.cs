using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Pico.Server.Hosting;

namespace Pico.Server.Proxy.Connections;

/// <summary>
/// A connection as its second listener sees it. When that disposes of it, the first is told (<see cref="Over"/>) and ends the real one.
/// </summary>
internal sealed class HandedOverConnection(ConnectionContext inner) : LentConnection(inner)
{
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the second listener is done with the connection.</summary>
    public Task Over => _over.Task;

    /// <summary>
    /// Runs the second listener's protocol. Who asks the first listener's connection to end in order asks this one too: HTTP/2 says GOAWAY then.
    /// </summary>
    public async Task RunAsync(ConnectionDelegate next)
    {
        var own = Features.Get<IConnectionLifetimeNotificationFeature>();
        var first = Inner.Features.Get<IConnectionLifetimeNotificationFeature>();
        using (first?.ConnectionClosedRequested.UnsafeRegister(static state => ((IConnectionLifetimeNotificationFeature?)state)?.RequestClose(), own))
            await next(this);
    }

    public override ValueTask DisposeAsync()
    {
        _over.TrySetResult();
        return base.DisposeAsync();
    }
}
