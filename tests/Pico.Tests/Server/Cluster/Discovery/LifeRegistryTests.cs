using Pico.Gossip;
using Pico.Server.Cluster.Discovery;

namespace Pico.Tests.Server.Cluster.Discovery;

public sealed class LifeRegistryTests
{
    private static readonly NodeLife First = new("server-0", 1);
    private static readonly NodeLife Second = new("server-0", 2);

    private readonly LifeRegistry _lives = new();
    private readonly List<NodeLife> _over = [];

    public LifeRegistryTests() => _lives.Over = _over.Add;

    [Fact]
    public void Life_WhosePlaceIsGone_IsOver_AndNoOtherOfItsName()
    {
        _lives.Begin("uid-a");
        _lives.Begin("uid-b");
        _lives.Learn(First, "uid-a");
        _lives.Learn(Second, "uid-b");

        _lives.End("uid-a");

        Assert.Equal([First], _over);
        Assert.Equal((LifeStanding.Over, LifeStanding.Current), (_lives.Judge(First), _lives.Judge(Second)));
    }

    [Fact]
    public void Life_OfWhichIsHeardAfterItsPlaceIsGone_IsOverAtOnce()
    {
        _lives.End("uid-a");
        Assert.Equal(LifeStanding.Unknown, _lives.Judge(First));
        _lives.Learn(First, "uid-a");
        Assert.Equal([First], _over);
    }

    [Fact]
    public void Life_ThatDoesNotKnowItsPlace_OrWhosePlaceNobodyHasSeen_IsTheGossipsToJudge()
    {
        _lives.Learn(First, "");
        _lives.Learn(Second, "uid-b");
        _lives.End("uid-a");
        Assert.Empty(_over);
        Assert.Equal((LifeStanding.Unknown, LifeStanding.Unknown), (_lives.Judge(First), _lives.Judge(Second)));
    }

    [Fact]
    public void Memory_OfThePast_IsBounded()
    {
        for (var i = 0; i < LifeRegistry.MaxRemembered + 1; i++)
        {
            _lives.Learn(new NodeLife($"n-{i}", 1), $"uid-{i}");
            _lives.End($"uid-{i}");
        }

        Assert.Equal(LifeStanding.Unknown, _lives.Judge(new NodeLife("n-0", 1)));
        Assert.Equal(LifeStanding.Over, _lives.Judge(new NodeLife("n-1", 1)));
    }
}
