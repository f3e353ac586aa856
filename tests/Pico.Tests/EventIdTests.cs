using System.Text.RegularExpressions;

namespace Pico.Tests;

/// <summary>Keeps event ids unique, so that a log line can be found and filtered by its number.</summary>
public sealed partial class EventIdTests
{
    [Fact]
    public void EventIds_OfAllProjects_AreUnique()
    {
        var sources = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal));

        var ids = sources.SelectMany(f => Id().Matches(File.ReadAllText(f)).Select(m => (Id: m.Groups[1].Value, File: Path.GetFileName(f)))).ToList();

        Assert.NotEmpty(ids);
        Assert.Empty(ids.GroupBy(i => i.Id).Where(g => g.Count() > 1).Select(g => $"{g.Key}: {string.Join(", ", g.Select(i => i.File))}"));
    }

    [GeneratedRegex(@"LoggerMessage\((\d+),")]
    private static partial Regex Id();
}
