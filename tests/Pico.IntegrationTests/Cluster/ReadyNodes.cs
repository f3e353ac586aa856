using System.Collections.Concurrent;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Cluster;

/// <summary>Which nodes a load balancer would use: it asks each one's <c>/ready</c> all the time, and leaves out who refuses a connection until the next answer.</summary>
internal sealed class ReadyNodes : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<ServerProcess, byte> _ready = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _asking;

    public ReadyNodes(IEnumerable<ServerProcess> nodes) => _asking = Task.WhenAll(nodes.Select(AskAsync));

    /// <summary>True if one is ready.</summary>
    public bool HasAny => !_ready.IsEmpty;

    /// <summary>One of those that are ready, at random.</summary>
    public ServerProcess Pick() => _ready.Keys.ToArray() is { Length: > 0 } ready ? ready[Random.Shared.Next(ready.Length)] : throw new IOException("no node is ready");

    /// <summary>It refused a connection.</summary>
    public void LeaveOut(ServerProcess node) => _ready.TryRemove(node, out _);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _asking;
        _stop.Dispose();
    }

    private async Task AskAsync(ServerProcess node)
    {
        try
        {
            for (; ; await Task.Delay(Interval, TimeProvider.System, _stop.Token))
            {
                if (await Readiness.IsOkAsync(new(node.Admin, "/ready"), _stop.Token))
                    _ready[node] = 0;
                else
                    LeaveOut(node);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
