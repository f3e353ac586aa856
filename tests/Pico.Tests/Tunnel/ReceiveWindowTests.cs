using Pico.Tunnel;
using Pico.Tunnel.Streams;

namespace Pico.Tests.Tunnel;

public sealed class ReceiveWindowTests
{
    private const int Initial = 256 * 1024;
    private const int Modest = 1024 * 1024;
    private const int Maximum = 16 * 1024 * 1024;

    private static readonly TunnelOptions Options = TunnelOptions.Default with { ModestWindow = Modest };

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
        var budget = new ReceiveBudget(Options.ReceiveBudget);
        var window = new ReceiveWindow(budget.TakeInitial(Options));
        var credit = 0L;
        var taken = 0L;
        for (var now = 1000L; now < 2000; now += 10)
        {
            taken += window.Size / 4;
            Assert.True(window.Take(window.Size / 4));
            credit += window.Update(new WindowUse(now, 100, 100, 0), Options, budget);
        }

        Assert.Equal(Maximum, window.Size);
        Assert.Equal(taken + Maximum - Initial, credit);
    }

    [Fact]
    public void Update_ReaderSlowerThanTheRoundTrip_KeepsItsSize()
    {
        var budget = new ReceiveBudget(Options.ReceiveBudget);
        var window = new ReceiveWindow(budget.TakeInitial(Options));
        for (var now = 1000L; now < 100_000; now += 60)
        {
            window.Take(window.Size / 4);
            Assert.Equal(window.Size / 4, window.Update(new WindowUse(now, 100, 100, 0), Options, budget));
        }

        Assert.Equal(Initial, window.Size);
    }

    [Fact]
    public void Update_RoundTripOfFullQueues_GrowsToAModestSizeOnly()
    {
        var budget = new ReceiveBudget(Options.ReceiveBudget);
        var window = new ReceiveWindow(budget.TakeInitial(Options));
        for (var now = 1000L; now < 2000; now += 10)
        {
            window.Take(window.Size / 4);
            window.Update(new WindowUse(now, RoundTrip: 100, PathRoundTrip: 10, Unread: 0), Options, budget);
        }

        Assert.Equal(Modest, window.Size);
    }

    [Fact]
    public void Update_ReaderLeavesMuchOfIt_GrowsToAModestSizeOnly()
    {
        var budget = new ReceiveBudget(Options.ReceiveBudget);
        var window = new ReceiveWindow(budget.TakeInitial(Options));
        for (var now = 1000L; now < 2000; now += 10)
        {
            window.Take(window.Size / 4);
            window.Update(new WindowUse(now, 100, 100, window.Size / 4 + 1), Options, budget);
        }

        Assert.Equal(Modest, window.Size);
    }

    [Fact]
    public void Update_ReaderStaysBehind_ShrinksToAModestSize()
    {
        var budget = new ReceiveBudget(Options.ReceiveBudget);
        var window = Grown(budget);
        var updates = 0;
        for (; window.Size > Modest; updates++)
        {
            var size = window.Size;
            window.Take(size / 4);
            var credit = window.Update(new WindowUse(100_000 + updates, 0, 0, size * 3 / 4), Options, budget);
            // What the window lost is what the peer did not get, and never all of it: the stream goes on.
            Assert.Equal((size / 4) - (size - window.Size), credit);
            Assert.InRange(credit, size / 8, size / 4);
        }

        Assert.InRange(updates, 2, 40);
        window.Take(window.Size / 4);
        Assert.Equal(window.Size / 4, window.Update(new WindowUse(200_000, 0, 0, window.Size), Options, budget));
        Assert.Equal(Modest, window.Size);
    }

    [Fact]
    public void Update_ReaderStoodStillOnce_LosesLittle()
    {
        var budget = new ReceiveBudget(Options.ReceiveBudget);
        var window = Grown(budget);
        // A full window is there; the reader takes it as fast as it can, and what is granted meanwhile comes a round trip later.
        for (var unread = (long)window.Size; unread > window.Size / 4;)
        {
            window.Take(window.Size / 4);
            unread -= window.Size / 4;
            window.Update(new WindowUse(100_000, 100, 100, unread), Options, budget);
        }

        Assert.InRange(window.Size, Maximum / 2, Maximum);
    }

    [Fact]
    public void Budget_ManyStreams_NeverExceedsTheBoundAndShrinksToTheMinimum()
    {
        var options = Options with { ReceiveBudget = 8 * 1024 * 1024 };
        var budget = new ReceiveBudget(options.ReceiveBudget);
        var windows = Enumerable.Range(0, 1000).Select(_ => new ReceiveWindow(budget.TakeInitial(Options))).ToArray();
        for (var now = 1000L; now < 1100; now++)
        {
            for (var i = 0; i < windows.Length; i++)
            {
                windows[i].Take(windows[i].Size / 4);
                windows[i].Update(new WindowUse(now, 100, 100, 0), options, budget);
                Assert.InRange(windows[i].Size, options.MinWindow, options.MaxWindow);
            }

            Assert.InRange(windows.Sum(w => (long)w.Size), 0, options.ReceiveBudget + windows.Length * (long)options.MinWindow);
        }

        // The first streams, which had the most, have shrunk so that none starves.
        Assert.InRange(windows[0].Size, options.MinWindow, options.InitialWindow / 2);
    }

    private static ReceiveWindow Grown(ReceiveBudget budget)
    {
        var window = new ReceiveWindow(budget.TakeInitial(Options));
        for (var now = 1000L; window.Size < Maximum; now++)
        {
            window.Take(window.Size / 4);
            window.Update(new WindowUse(now, 100, 100, 0), Options, budget);
        }

        return window;
    }
}
