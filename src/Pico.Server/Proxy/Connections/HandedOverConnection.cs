using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Pico.Server.Proxy.Connections;

/// <summary>
/// A connection as its second listener sees it: the same pipes, nothing copied. Features that the second listener sets stay here, those of the
/// first shine through. When the second listener disposes of it, the first is told (<see cref="Over"/>) and ends the real one.
/// </summary>
internal sealed class HandedOverConnection(ConnectionContext inner) : ConnectionContext
{
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly FeatureCollection _features = new(inner.Features);

    /// <summary>Completes when the second listener is done with the connection.</summary>
    public Task Over => _over.Task;

    /// <summary>
    /// Runs the second listener's protocol. Who asks the first listener's connection to end in order asks this one too: HTTP/2 says GOAWAY then.
    /// </summary>
    public async Task RunAsync(ConnectionDelegate next)
    {
        var own = _features.Get<IConnectionLifetimeNotificationFeature>();
        var first = inner.Features.Get<IConnectionLifetimeNotificationFeature>();
        using (first?.ConnectionClosedRequested.UnsafeRegister(static state => ((IConnectionLifetimeNotificationFeature?)state)?.RequestClose(), own))
            await next(this);
    }

    public override string ConnectionId
    {
        get => inner.ConnectionId;
        set => inner.ConnectionId = value;
    }

    public override IFeatureCollection Features => _features;

    public override IDictionary<object, object?> Items
    {
        get => inner.Items;
        set => inner.Items = value;
    }

    public override IDuplexPipe Transport { get; set; } = inner.Transport;

    public override CancellationToken ConnectionClosed { get; set; } = inner.ConnectionClosed;

    public override EndPoint? LocalEndPoint { get; set; } = inner.LocalEndPoint;

    public override EndPoint? RemoteEndPoint { get; set; } = inner.RemoteEndPoint;

    public override void Abort(ConnectionAbortedException abortReason) => inner.Abort(abortReason);

    public override ValueTask DisposeAsync()
    {
        _over.TrySetResult();
        return base.DisposeAsync();
    }
}
