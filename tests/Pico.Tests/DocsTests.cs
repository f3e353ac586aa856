using System.Text;
using System.Text.RegularExpressions;

namespace Pico.Tests;

/// <summary>What a reader of the pages can click leads somewhere.</summary>
public sealed partial class DocsTests
{
    public static TheoryData<string> Pages { get; } =
        [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories).Append(Path.Combine(Repository.Root, "README.md"))
            .Select(path => Path.GetRelativePath(Repository.Root, path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Page_EveryLinkIntoTheRepository_LeadsToAFileAndAHeadingOfIt(string page)
    {
        var path = Path.Combine(Repository.Root, page);
        var broken = new List<string>();
        foreach (Match link in Link().Matches(WithoutCode(File.ReadAllText(path))))
        {
            var target = link.Groups["target"].Value;
            if (target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal))
                continue;
            var (file, anchor) = target.Split('#', 2) is [var before, var after] ? (before, after) : (target, null);
            var linked = file.Length == 0 ? path : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, file));
            if (!Path.Exists(linked))
                broken.Add($"{target}: there is no {file}");
            else if (anchor is not null && !Anchors(linked).Contains(anchor))
                broken.Add($"{target}: {Path.GetFileName(linked)} has no heading #{anchor}");
        }

        Assert.True(broken.Count == 0, $"{page} has broken links:\n{string.Join('\n', broken)}");
    }

    [Fact]
    public void Readme_LeadsToEveryPage()
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        Assert.All(
            Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md"),
            page => Assert.Contains($"(docs/{Path.GetFileName(page)})", readme, StringComparison.Ordinal));
    }

    // As GitHub makes them: small letters, no punctuation, hyphens for blanks, a number at repeated ones.
    private static HashSet<string> Anchors(string page)
    {
        var anchors = new HashSet<string>(StringComparer.Ordinal);
        foreach (Match heading in Heading().Matches(WithoutBlocks(File.ReadAllText(page))))
        {
            var text = Link().Replace(heading.Groups["text"].Value, "${text}");
            var anchor = new StringBuilder();
            foreach (var c in text.Trim().ToLowerInvariant())
            {
                if (char.IsLetterOrDigit(c) || c is '-' or '_')
                    anchor.Append(c);
                else if (c == ' ')
                    anchor.Append('-');
            }

            var unique = anchor.ToString();
            for (var number = 1; !anchors.Add(unique); number++)
                unique = $"{anchor}-{number}";
        }

        return anchors;
    }

    private static string WithoutBlocks(string text) => CodeBlock().Replace(text, "");

    private static string WithoutCode(string text) => Code().Replace(WithoutBlocks(text), "");

    [GeneratedRegex(@"\[(?<text>[^\]]*)\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#{1,6} +(?<text>.+?)\s*$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^ *```.*?^ *```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex("`[^`\n]*`")]
    private static partial Regex Code();
}
