using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Pico.Server.Hosting;

/// <summary>
/// A connection as somebody else sees it: the same pipes, nothing copied. Features that are set here stay here, those of the real one shine through.
/// </summary>
internal abstract class LentConnection(ConnectionContext inner) : ConnectionContext
{
    private readonly FeatureCollection _features = new(inner.Features);

    /// <summary>The real one.</summary>
    protected ConnectionContext Inner => inner;

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
}
