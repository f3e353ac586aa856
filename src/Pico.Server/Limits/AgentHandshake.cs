using Microsoft.AspNetCore.Connections;

namespace Pico.Server.Limits;

/// <summary>A connection on the upstream port that is no tunnel yet: counted for its address, and cut off when it takes too long.</summary>
internal sealed class AgentHandshake : IDisposable
{
    private readonly ConnectionContext _connection;
    private readonly KeyedLoad? _address;
    private readonly LimitMetrics _metrics;
    private readonly ITimer _timer;
    private int _isOver;

    /// <param name="connection">The connection.</param>
    /// <param name="address">What its address uses, already counted in; given back when the handshake is over.</param>
    /// <param name="patience">How long it may take.</param>
    /// <param name="metrics">Where a handshake that took too long is counted.</param>
    /// <param name="time">The clock.</param>
    public AgentHandshake(ConnectionContext connection, KeyedLoad? address, TimeSpan patience, LimitMetrics metrics, TimeProvider time)
    {
        (_connection, _address, _metrics) = (connection, address, metrics);
        var due = patience > TimeSpan.Zero ? patience : Timeout.InfiniteTimeSpan;
        _timer = time.CreateTimer(static state => ((AgentHandshake)state!).OnOverdue(), this, due, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The connection is a tunnel from now on.</summary>
    public void Complete()
    {
        _timer.Dispose();
        TryEnd();
    }

    /// <summary>The connection is over.</summary>
    public void Dispose() => Complete();

    private void OnOverdue()
    {
        if (!TryEnd())
            return;
        _metrics.Hit(Limit.HandshakeTimeout, _connection.RemoteEndPoint?.ToString() ?? "");
        _connection.Abort(new ConnectionAbortedException("The connection did not become a tunnel in time."));
    }

    private bool TryEnd()
    {
        if (Interlocked.Exchange(ref _isOver, 1) != 0)
            return false;
        _address?.Connections.Exit();
        _address?.Return();
        return true;
    }
}
