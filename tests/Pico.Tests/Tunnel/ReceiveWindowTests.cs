using Pico.Tunnel;
using Pico.Tunnel.Streams;

namespace Pico.Tests.Tunnel;

public sealed class ReceiveWindowTests
{
    private const int Minimum = 16 * 1024;
    private const int Initial = 256 * 1024;
    private const int Maximum = 16 * 1024 * 1024;

    [Fact]
    public void Take_LessThanAQuarter_GivesNoUpdate()
    {
        var window = new ReceiveWindow(Initial);
        Assert.False(window.Take(Initial / 4 - 1));
        Assert.True(window.Take(1));
    }

    [Fact]
    public void Update_SenderHeldBackByTheWindow_GrowsUpToTheMaximum()
    {
        var budget = new ReceiveBudget(TunnelOptions.Default);
        var window = new ReceiveWindow(budget.TakeInitial());
        var credit = 0L;
        var taken = 0L;
        for (var now = 1000L; now < 2000; now += 10)
        {
            taken += window.Size / 4;
            Assert.True(window.Take(window.Size / 4));
            credit += window.Update(now, roundTrip: 100, Minimum, Maximum, budget);
        }

        Assert.Equal(Maximum, window.Size);
        Assert.Equal(taken + Maximum - Initial, credit);
    }

    [Fact]
    public void Update_ReaderSlowerThanTheRoundTrip_KeepsItsSize()
    {
        var budget = new ReceiveBudget(TunnelOptions.Default);
        var window = new ReceiveWindow(budget.TakeInitial());
        for (var now = 1000L; now < 100_000; now += 60)
        {
            window.Take(window.Size / 4);
            Assert.Equal(window.Size / 4, window.Update(now, roundTrip: 100, Minimum, Maximum, budget));
        }

        Assert.Equal(Initial, window.Size);
    }

    [Fact]
    public void Budget_ManyStreams_NeverExceedsTheBoundAndShrinksToTheMinimum()
    {
        var options = TunnelOptions.Default with { ReceiveBudget = 8 * 1024 * 1024 };
        var budget = new ReceiveBudget(options);
        var windows = Enumerable.Range(0, 1000).Select(_ => new ReceiveWindow(budget.TakeInitial())).ToArray();
        for (var now = 1000L; now < 1100; now++)
        {
            for (var i = 0; i < windows.Length; i++)
            {
                windows[i].Take(windows[i].Size / 4);
                windows[i].Update(now, roundTrip: 100, options.MinWindow, options.MaxWindow, budget);
                Assert.InRange(windows[i].Size, options.MinWindow, options.MaxWindow);
            }

            Assert.InRange(windows.Sum(w => (long)w.Size), 0, options.ReceiveBudget + windows.Length * (long)options.MinWindow);
        }

        // The first streams, which had the most, have shrunk so that none starves.
        Assert.InRange(windows[0].Size, options.MinWindow, options.InitialWindow / 2);
    }
}
