using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Load;

/// <summary>The yardstick itself: a delay relay that is not what it says would make every figure of a long path worthless.</summary>
[Collection(nameof(Alone))]
public sealed class DelayRelayTests
{
    private const long Gigabit = 1_000_000_000;

    private static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(100);

    [Fact(Timeout = 60_000)]
    public async Task DelayRelay_Echo_TakesTheRoundTrip()
    {
        await using var service = RawService.Start(async connection => await connection.SendAsync(await connection.ReadTextAsync(4)));
        await using var relay = DelayRelay.Start(service.Port, RoundTrip, Gigabit);
        await using var client = await RawConnection.ConnectAsync(new($"http://127.0.0.1:{relay.Port}"));

        var start = TimeProvider.System.GetTimestamp();
        await client.SendAsync("ping");
        Assert.Equal("ping", await client.ReadTextAsync(4));

        Assert.InRange(TimeProvider.System.GetElapsedTime(start).TotalMilliseconds, 95, 140);
    }

    [Fact(Timeout = 60_000)]
    public async Task DelayRelay_OneConnection_HasTheRateAndNoMore()
    {
        const long Length = 256 << 20;
        await using var service = RawService.Start(async connection =>
        {
            for (var pattern = new Pattern(); pattern.Position < Length;)
                await connection.SendAsync(pattern.Next(Length - pattern.Position));
        });
        await using var relay = DelayRelay.Start(service.Port, RoundTrip, Gigabit);
        await using var client = await RawConnection.ConnectAsync(new($"http://127.0.0.1:{relay.Port}"));

        var start = TimeProvider.System.GetTimestamp();
        var pattern = new Pattern();
        var buffer = new byte[256 * 1024];
        for (int read; (read = await client.ReadAsync(buffer)) > 0;)
            pattern.Check(buffer.AsSpan(0, read));

        Assert.Equal(Length, pattern.Position);
        var rate = Length * 8 / TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        Assert.InRange(rate, 0.8 * Gigabit, 1.02 * Gigabit);
    }
}
