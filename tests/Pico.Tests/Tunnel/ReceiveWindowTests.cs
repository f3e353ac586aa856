using Pico.Tunnel;
using Pico.Tunnel.Streams;

namespace Pico.Tests.Tunnel;

public sealed class ReceiveWindowTests
{
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
        var budget = new ReceiveBudget(TunnelOptions.Default.ReceiveBudget);
        var window = new ReceiveWindow(budget.TakeInitial(TunnelOptions.Default));
        var credit = 0L;
        var taken = 0L;
        for (var now = 1000L; now < 2000; now += 10)
        {
            taken += window.Size / 4;
            Assert.True(window.Take(window.Size / 4));
            credit += window.Update(now, roundTrip: 100, unread: 0, TunnelOptions.Default, budget);
        }

        Assert.Equal(Maximum, window.Size);
        Assert.Equal(taken + Maximum - Initial, credit);
    }

    [Fact]
    public void Update_ReaderSlowerThanTheRoundTrip_KeepsItsSize()
    {
        var budget = new ReceiveBudget(TunnelOptions.Default.ReceiveBudget);
        var window = new ReceiveWindow(budget.TakeInitial(TunnelOptions.Default));
        for (var now = 1000L; now < 100_000; now += 60)
        {
            window.Take(window.Size / 4);
            Assert.Equal(window.Size / 4, window.Update(now, roundTrip: 100, unread: 0, TunnelOptions.Default, budget));
        }

        Assert.Equal(Initial, window.Size);
    }

    [Fact]
    public void Update_ReaderLeavesMuchOfIt_DoesNotGrow()
    {
        var budget = new ReceiveBudget(TunnelOptions.Default.ReceiveBudget);
        var window = new ReceiveWindow(budget.TakeInitial(TunnelOptions.Default));
        for (var now = 1000L; now < 2000; now += 10)
        {
            window.Take(window.Size / 4);
            Assert.Equal(window.Size / 4, window.Update(now, roundTrip: 100, unread: window.Size / 4 + 1, TunnelOptions.Default, budget));
        }

        Assert.Equal(Initial, window.Size);
    }

    [Fact]
    public void Update_ReaderStaysBehind_ShrinksToTheInitialSize()
    {
        var budget = new ReceiveBudget(TunnelOptions.Default.ReceiveBudget);
        var window = Grown(budget);
        var updates = 0;
        for (; window.Size > Initial; updates++)
        {
            var size = window.Size;
            window.Take(size / 4);
            var credit = window.Update(100_000 + updates, roundTrip: 0, unread: size * 3 / 4, TunnelOptions.Default, budget);
            // What the window lost is what the peer did not get, and never all of it: the stream goes on.
            Assert.Equal((size / 4) - (size - window.Size), credit);
            Assert.InRange(credit, size / 8, size / 4);
        }

        Assert.InRange(updates, 2, 40);
        window.Take(window.Size / 4);
        Assert.Equal(Initial / 4, window.Update(200_000, roundTrip: 0, unread: Initial, TunnelOptions.Default, budget));
        Assert.Equal(Initial, window.Size);
    }

    [Fact]
    public void Update_ReaderStoodStillOnce_LosesLittle()
    {
        var budget = new ReceiveBudget(TunnelOptions.Default.ReceiveBudget);
        var window = Grown(budget);
        // A full window is there; the reader takes it as fast as it can, and what is granted meanwhile comes a round trip later.
        for (var unread = (long)window.Size; unread > window.Size / 4;)
        {
            window.Take(window.Size / 4);
            unread -= window.Size / 4;
            window.Update(100_000, roundTrip: 100, unread, TunnelOptions.Default, budget);
        }

        Assert.InRange(window.Size, Maximum / 2, Maximum);
    }

    [Fact]
    public void Budget_ManyStreams_NeverExceedsTheBoundAndShrinksToTheMinimum()
    {
        var options = TunnelOptions.Default with { ReceiveBudget = 8 * 1024 * 1024 };
        var budget = new ReceiveBudget(options.ReceiveBudget);
        var windows = Enumerable.Range(0, 1000).Select(_ => new ReceiveWindow(budget.TakeInitial(TunnelOptions.Default))).ToArray();
        for (var now = 1000L; now < 1100; now++)
        {
            for (var i = 0; i < windows.Length; i++)
            {
                windows[i].Take(windows[i].Size / 4);
                windows[i].Update(now, roundTrip: 100, unread: 0, options, budget);
                Assert.InRange(windows[i].Size, options.MinWindow, options.MaxWindow);
            }

            Assert.InRange(windows.Sum(w => (long)w.Size), 0, options.ReceiveBudget + windows.Length * (long)options.MinWindow);
        }

        // The first streams, which had the most, have shrunk so that none starves.
        Assert.InRange(windows[0].Size, options.MinWindow, options.InitialWindow / 2);
    }

    private static ReceiveWindow Grown(ReceiveBudget budget)
    {
        var window = new ReceiveWindow(budget.TakeInitial(TunnelOptions.Default));
        for (var now = 1000L; window.Size < Maximum; now++)
        {
            window.Take(window.Size / 4);
            window.Update(now, roundTrip: 100, unread: 0, TunnelOptions.Default, budget);
        }

        return window;
    }
}
