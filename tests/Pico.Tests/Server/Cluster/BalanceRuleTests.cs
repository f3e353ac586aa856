using Pico.Server.Cluster.Balancing;

namespace Pico.Tests.Server.Cluster;

/// <summary>How the rule evens out a cluster, look by look, when agents move to nodes that have room.</summary>
public sealed class BalanceRuleTests(ITestOutputHelper output)
{
    private static readonly TimeSpan MostTime = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(3, 0, new[] { 3 }, false)] // alone in twos: 3 and 3
    [InlineData(4, 0, new[] { 3, 3 }, false)] // less than a tunnel above the mean
    [InlineData(3, 0, new[] { 3, 0 }, true)]
    [InlineData(3, 1, new[] { 3, 0 }, false)] // one is on its way already
    [InlineData(109, 0, new[] { 100, 91 }, false)] // within the band
    [InlineData(111, 0, new[] { 100, 89 }, true)]
    [InlineData(90, 0, new[] { 100, 110 }, false)] // others are to give
    [InlineData(1000, 0, new int[0], false)] // nobody to give to
    public void Next_OnlyAboveTheBand_GivesSomething(int here, int moving, int[] others, bool gives)
    {
        var rule = new BalanceRule();
        rule.Next(here, moving, others);

        Assert.Equal(gives, rule.Next(here, moving, others) > 0);
    }

    [Fact]
    public void Next_AtTheFirstLook_GivesNothing()
    {
        var rule = new BalanceRule();

        Assert.Equal(0, rule.Next(100, 0, [0]));
        Assert.Equal(13, rule.Next(100, 0, [0]));
        Assert.Equal(0, rule.Next(50, 0, [50]));
        Assert.Equal(0, rule.Next(100, 0, [0])); // anew
    }

    [Fact]
    public void Next_FarAbove_IsLimited() => Assert.Equal(BalanceRule.MostAtOnce, Second(new BalanceRule(), 100_000, [0, 0]));

    [Theory]
    [InlineData(new[] { 1000, 1000, 0 })] // a node has come back
    [InlineData(new[] { 667, 667, 666, 0 })] // one was added
    [InlineData(new[] { 3, 3, 0 })]
    [InlineData(new[] { 500, 100, 100, 100, 0 })]
    public void Nodes_Uneven_EvenOutWithinAMinuteAndThenRest(int[] start)
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"Seed {seed}");
        var random = new Random(seed);
        var tunnels = start.ToArray();
        var told = start.ToArray(); // what others know is a look old
        var rules = Array.ConvertAll(start, _ => new BalanceRule());
        var mean = start.Average();
        var surplus = start.Sum(s => Math.Max(0, s - mean));
        var (looks, moved, movedLate) = ((int)(MostTime / Rebalancer.Interval), 0, 0);

        for (var look = 0; look < 4 * looks; look++)
        {
            var before = tunnels.ToArray();
            for (var node = 0; node < tunnels.Length; node++)
            {
                var give = rules[node].Next(before[node], 0, told.Where((_, i) => i != node).ToArray());
                Assert.InRange(give, 0, Math.Max(0, before[node] - Math.Floor(told.Average())));
                moved += give;
                movedLate += look >= 2 * looks ? give : 0;
                for (; give > 0; give--)
                {
                    var withRoom = Enumerable.Range(0, tunnels.Length).Where(i => i != node && BalanceRule.HasRoom(tunnels[i], told.Where((_, j) => j != i).ToArray())).ToArray();
                    tunnels[node]--;
                    tunnels[withRoom.Length == 0 ? (node + 1) % tunnels.Length : withRoom[random.Next(withRoom.Length)]]++;
                }
            }

            told = before;
            if (look == looks)
                Assert.True(tunnels.Max() <= Math.Max(1.3 * mean, mean + 1), $"After a minute: {string.Join(", ", tunnels)}");
        }

        output.WriteLine($"{moved} moves: {string.Join(", ", tunnels)}");
        Assert.Equal(0, movedLate);
        Assert.InRange(moved, 1, (1.2 * surplus) + 1);
    }

    private static int Second(BalanceRule rule, int here, int[] others)
    {
        rule.Next(here, 0, others);
        return rule.Next(here, 0, others);
    }
}
