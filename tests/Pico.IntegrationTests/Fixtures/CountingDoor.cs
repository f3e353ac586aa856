using System.Collections.Concurrent;
using System.Net.Sockets;

namespace Pico.IntegrationTests.Fixtures;

/// <summary>A door in front of a port: passes connections on, and keeps the time of each, also of those for which nobody is at home.</summary>
internal sealed class CountingDoor : IAsyncDisposable
{
    private readonly ConcurrentQueue<long> _arrivals = [];
    private readonly RawService _service;

    private CountingDoor(Uri target) => _service = RawService.Start(async near =>
    {
        _arrivals.Enqueue(TimeProvider.System.GetTimestamp());
        try
        {
            await using var far = await RawConnection.ConnectAsync(target);
            await Task.WhenAny(PumpAsync(near, far), PumpAsync(far, near));
        }
        catch (SocketException)
        {
            // Nobody is at home: closing says so.
        }
    });

    /// <summary>Where the door is.</summary>
    public int Port => _service.Port;

    /// <summary>Opens a door in front of <paramref name="target"/>.</summary>
    public static CountingDoor To(Uri target) => new(target);

    /// <summary>How many connections have come in each interval since a timestamp.</summary>
    public int[] Histogram(long since, TimeSpan interval)
    {
        var buckets = new List<int>();
        foreach (var arrival in _arrivals.Where(a => a >= since))
        {
            var index = (int)(TimeProvider.System.GetElapsedTime(since, arrival) / interval);
            while (buckets.Count <= index)
                buckets.Add(0);
            buckets[index]++;
        }

        return [.. buckets];
    }

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    private static async Task PumpAsync(RawConnection from, RawConnection to)
    {
        var buffer = new byte[4096];
        for (int read; (read = await from.ReadAsync(buffer)) > 0;)
            await to.SendAsync(buffer.AsMemory(0, read));
    }
}
