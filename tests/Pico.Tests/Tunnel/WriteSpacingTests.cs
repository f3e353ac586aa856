using Pico.Tunnel.Connections;

namespace Pico.Tests.Tunnel;

public sealed class WriteSpacingTests
{
    private const long Frequency = 1_000_000; // timestamps are microseconds
    private const long Far = 1000;

    private readonly WriteSpacing _spacing = new(Frequency);
    private long _now;

    [Fact]
    public void Writes_FarApart_AreOneByOneAfterAFew()
    {
        for (uint i = 1; i < WriteSpacing.MinAlone; i++)
            Assert.False(Note(id: i, after: Far));
        Assert.True(Note(id: 9, after: Far));
    }

    [Fact]
    public void Writes_OfOneStreamInHaste_AreOneByOne()
    {
        AreOneByOne();
        Assert.True(Note(id: 1, after: 1));
    }

    [Fact]
    public void Writes_OfTwoStreamsInHaste_AreACluster()
    {
        AreOneByOne();
        Assert.False(Note(id: 2, after: 1));
    }

    [Fact]
    public void Writes_WhileTheLastIsOnItsWay_AreACluster()
    {
        AreOneByOne();
        Assert.False(Note(id: 1, after: Far, isBusy: true));
    }

    [Fact]
    public void Writes_OfManyStreamsInTurns_StayACluster()
    {
        for (uint i = 0; i < 100; i++)
            Assert.False(Note(id: 1 + (i % 4), after: 10));
    }

    private void AreOneByOne()
    {
        for (var i = 0; i < WriteSpacing.MinAlone; i++)
            Note(id: 1, after: Far);
        Assert.True(Note(id: 1, after: Far));
    }

    private bool Note(uint id, long after, bool isBusy = false) => _spacing.Note(id, _now += after, isBusy);
}
