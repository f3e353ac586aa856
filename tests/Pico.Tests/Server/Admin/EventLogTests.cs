using Microsoft.Extensions.Time.Testing;
using Pico.Server.Admin.Events;

namespace Pico.Tests.Server.Admin;

public sealed class EventLogTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly EventLog _log;

    public EventLogTests() => _log = new EventLog(_time);

    [Fact]
    public void Read_AfterAnId_GivesWhatCameLater()
    {
        Add(5);
        var second = _log.Read(null, 2).Items[^1].Id;

        var page = _log.Read(second, 100);

        Assert.Equal(["s2", "s3", "s4"], page.Items.Select(e => e.Subject));
        Assert.Equal(0, page.Missed);
        Assert.Equal(["s3", "s4"], _log.ReadLast(2).Items.Select(e => e.Subject));
    }

    [Fact]
    public void Read_AfterAnEventThatIsForgotten_SaysHowManyAreMissed()
    {
        Add(1);
        var first = _log.Read(null, 1).Items[0].Id;
        Add(EventLog.Capacity + 10, from: 1);

        var page = _log.Read(first, 5);

        Assert.Equal(10, page.Missed);
        Assert.Equal("s11", page.Items[0].Subject);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("0-1")]
    [InlineData("-")]
    public void Read_AfterAnIdOfAnotherLife_GivesAll(string id)
    {
        Add(3);

        Assert.Equal(3, _log.Read(id, 100).Items.Count);
    }

    [Fact]
    public void Add_AFloodOfOneKind_LeavesTheOthersInPlaceAndCountsTheRest()
    {
        _log.Add(EventKind.NodeFailed, EventLevel.Error, "node-2", "down");
        for (var i = 0; i < 5000; i++)
            _log.Add(EventKind.AgentLost, EventLevel.Warning, $"agent-{i}", "lost");
        _time.Advance(TimeSpan.FromSeconds(1));
        _log.Add(EventKind.AgentLost, EventLevel.Warning, "late", "lost");

        var all = _log.ReadLast(EventLog.Capacity).Items;

        Assert.Equal(EventKind.NodeFailed, all[0].Kind);
        Assert.InRange(all.Count, 50, 200);
        Assert.Equal(5000 - (all.Count - 2), all[^1].Suppressed);
    }

    [Fact]
    public async Task WhenAfter_NewEvent_Completes()
    {
        var waiting = _log.WhenAfter(null);
        Assert.False(waiting.IsCompleted);

        Add(1);

        await waiting.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.False(_log.WhenAfter(_log.ReadLast(1).Items[0].Id).IsCompleted);
    }

    [Fact]
    public void Add_LongText_IsCut()
    {
        _log.Add(EventKind.AgentRefused, EventLevel.Warning, new string('a', 5000), new string('b', 5000));

        Assert.All(_log.ReadLast(1).Items, e => Assert.Equal((EventLog.MaxText, EventLog.MaxText), (e.Subject.Length, e.Message.Length)));
    }

    private void Add(int count, int from = 0)
    {
        for (var i = 0; i < count; i++)
        {
            _log.Add(EventKind.NodeJoined, EventLevel.Info, $"s{from + i}", "joined");
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }
}
