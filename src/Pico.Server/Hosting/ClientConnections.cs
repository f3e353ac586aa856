using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Pico.Server.Limits;
using Pico.Server.Proxy;
using Pico.Server.Proxy.Errors;

namespace Pico.Server.Hosting;

/// <summary>
/// The open connections of clients (proxy port and TLS passthrough): bounds their number, and ends them in order when the node drains.
/// </summary>
internal sealed class ClientConnections(ProxyOptions options, LimitMetrics limits, NodeLifecycle lifecycle, TimeProvider time)
{
    private readonly ConcurrentDictionary<ConnectionContext, byte> _open = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _limit = options.MaxConnections == 0 ? int.MaxValue : options.MaxConnections;
    private int _count;
    private volatile bool _draining;

    /// <summary>How many are open.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Connection middleware, the first of its port. <paramref name="inClear"/>: what is written to the connection now reaches an HTTP client.</summary>
    public async Task OnConnectionAsync(ConnectionContext connection, bool inClear, ConnectionDelegate next)
    {
        lifecycle.NoteClient();
        try
        {
            if (Interlocked.Increment(ref _count) > _limit)
            {
                limits.Hit(Limit.Connections, connection.RemoteEndPoint?.ToString() ?? "");
                if (inClear)
                    await RefuseAsync(connection, ProxyError.Overloaded);
                return;
            }

            _open.TryAdd(connection, 0);
            if (_draining)
                RequestClose(connection);
            await next(connection);
        }
        finally
        {
            _open.TryRemove(connection, out _);
            if (Interlocked.Decrement(ref _count) == 0 && _draining)
                _empty.TrySetResult();
        }
    }

    /// <summary>Asks every connection to end, also those that still come: a busy one after what it is doing, an idle one at once or in a moment. Completes when none is open.</summary>
    public Task DrainAsync()
    {
        _draining = true;
        foreach (var (connection, _) in _open)
            RequestClose(connection);
        if (Count == 0)
            _empty.TrySetResult();
        return _empty.Task;
    }

    /// <summary>Tells an HTTP/1.1 client why; one that speaks anything else learns that the connection ended.</summary>
    public async Task RefuseAsync(ConnectionContext connection, ProxyError error)
    {
        ProblemResponse.WriteHttp11(connection.Transport.Output, error, headOnly: false, close: true, time.GetUtcNow());
        await connection.Transport.Output.FlushAsync(connection.ConnectionClosed);
    }

    private static void RequestClose(ConnectionContext connection) =>
        connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
}
