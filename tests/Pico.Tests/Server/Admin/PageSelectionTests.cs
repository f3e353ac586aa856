using Pico.Server.Admin.Api;

namespace Pico.Tests.Server.Admin;

public sealed class PageSelectionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100)]
    [InlineData(5000)]
    public void Pages_OfThingsInAnyOrder_AreTheSortedWholeOnceEach(int limit)
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var things = Enumerable.Range(0, 1000).Select(i => (Figure: (double)random.Next(10), Name: $"e{i}")).ToArray();
        random.Shuffle(things);

        var seen = new List<(double Figure, string Name)>();
        PageCursor? after = null;
        do
        {
            var selection = new PageSelection<(double Figure, string Name)>(limit, after);
            foreach (var thing in things)
                selection.Add(thing.Figure, thing.Name, thing);
            (var page, after) = selection.Take("rate");
            Assert.True(page.Count <= limit);
            seen.AddRange(page);
        }
        while (after is not null);

        Assert.Equal(things.OrderByDescending(t => t.Figure).ThenBy(t => t.Name, StringComparer.Ordinal), seen);
    }

    [Fact]
    public void NextPage_ThingsCameAndWentMeanwhile_LeavesOutAndRepeatsNoneThatStayed()
    {
        var (first, cursor) = Select(2, null, "a", "b", "c", "d");

        var (second, end) = Select(2, cursor, "a2", "c", "d");

        Assert.Equal(["a", "b"], first);
        Assert.Equal(["c", "d"], second);
        Assert.Null(end);
    }

    [Theory]
    [InlineData("")]
    [InlineData("!")]
    [InlineData("bm9uZQ")]
    [InlineData("MnxpZHwwfGE")] // 2|id|0|a
    [InlineData("MXxpZHxOYU58YQ")] // 1|id|NaN|a
    public void TryParse_NoCursor_GivesNone(string text) => Assert.Null(PageCursor.TryParse(text));

    [Fact]
    public void TryParse_ACursorsText_GivesTheSame()
    {
        var cursor = new PageCursor("latency", 1.25, "orders|x");

        Assert.Equal(cursor, PageCursor.TryParse(cursor.ToString()));
    }

    private static (IReadOnlyList<string> Names, PageCursor? Continue) Select(int limit, PageCursor? after, params string[] names)
    {
        var selection = new PageSelection<string>(limit, after);
        foreach (var name in names)
            selection.Add(0, name, name);
        return selection.Take("id");
    }
}
