using System.Net;
using Microsoft.Extensions.Time.Testing;
using Pico.Server.Limits;

namespace Pico.Tests.Server.Limits;

public sealed class LoadTableTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task SameKey_GetsTheSameLoad()
    {
        await using var table = new LoadTable<int>(_time);

        Assert.Same(table.Rent(1), table.Rent(1));
        Assert.NotSame(table.Rent(1), table.Rent(2));
    }

    [Fact]
    public async Task Keys_AtRest_AreForgotten()
    {
        await using var table = new LoadTable<int>(_time);
        for (var i = 0; i < 100; i++)
            table.Rent(i)!.Return();

        _time.Advance(LoadTable<int>.SweepInterval);

        Assert.Equal(0, table.Count);
    }

    [Fact]
    public async Task Keys_InUse_AreKept()
    {
        await using var table = new LoadTable<int>(_time);
        var rented = table.Rent(1)!;
        var hurried = table.Rent(2)!;
        for (var i = 0; i < 1000; i++)
            hurried.Requests.TryTake(Rate.PerSecond(60, _time), _time.GetTimestamp());
        hurried.Return();

        _time.Advance(TimeSpan.FromMilliseconds(1)); // less than its burst takes to fill
        table.Rent(3)!.Return();
        for (var i = 0; i < 3; i++)
            _time.Advance(LoadTable<int>.SweepInterval);

        Assert.Equal(1, table.Count);
        Assert.Same(rented, table.Rent(1));
    }

    [Fact]
    public async Task MoreKeysThanThereIsRoomFor_AreNotKnown()
    {
        await using var table = new LoadTable<int>(_time, capacity: 10);
        for (var i = 0; i < 10; i++)
            Assert.NotNull(table.Rent(i));

        for (var i = 10; i < 1000; i++)
            Assert.Null(table.Rent(i));

        Assert.Equal(10, table.Count);
        Assert.NotNull(table.Rent(5));
    }

    [Fact]
    public async Task FullTable_ForgetsThoseAtRestAtOnce_ButLooksOnceASecondOnly()
    {
        await using var table = new LoadTable<int>(_time, capacity: 10);
        for (var i = 0; i < 10; i++)
            table.Rent(i)!.Return();

        Assert.Null(table.Rent(100));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.NotNull(table.Rent(100));
        Assert.Equal(1, table.Count);
    }

    [Fact]
    public async Task RentingWhileOthersAreForgotten_NeverLosesACount()
    {
        // Real threads against the sweep: whoever enters a load that is being forgotten must find another one.
        await using var table = new LoadTable<int>(TimeProvider.System, capacity: 4);
        var most = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                if (table.Rent(i % 8) is not { } load)
                    continue;
                Assert.True(load.Requests.TryEnter(0));
                most = Math.Max(most, load.Requests.InFlight);
                load.Requests.Exit();
                load.Return();
            }
        })));

        Assert.InRange(most, 1, 4);
        Assert.InRange(table.Count, 0, 4);
        Assert.Equal(0, table.Rent(0)?.Requests.InFlight ?? 0);
    }

    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7", true)]
    [InlineData("192.0.2.7", "::ffff:192.0.2.7", true)]
    [InlineData("192.0.2.7", "192.0.2.8", false)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("::c000:207", "192.0.2.7", false)]
    [InlineData("fe80::1%1", "fe80::1", true)]
    public void Client_IsAnIPv4AddressOrAnIPv6Network(string one, string other, bool same)
    {
        var (a, b) = (new ClientKey(IPAddress.Parse(one)), new ClientKey(IPAddress.Parse(other)));

        Assert.Equal(same, a == b);
        Assert.Equal(same, a.ToString() == b.ToString());
    }
}
