using System.Text.RegularExpressions;

namespace Pico.Benchmarks.Reports;

/// <summary>
/// Sections of a page that benchmarks of their own write, each between <c>&lt;!-- NAME --&gt;</c> and <c>&lt;!-- /NAME --&gt;</c>, so that one is written anew without the others.
/// </summary>
internal static partial class PageSections
{
    /// <summary>Puts <paramref name="content"/> in the place of the section of that name, or at the page's end if there is none yet.</summary>
    public static void Write(string path, string name, string content)
    {
        var page = File.Exists(path) ? File.ReadAllText(path) : "";
        var section = $"<!-- {name} -->\n{content.Trim()}\n<!-- /{name} -->";
        var former = Sections().Matches(page).FirstOrDefault(match => match.Groups["name"].Value == name);
        File.WriteAllText(path, former is null
            ? $"{page.TrimEnd()}\n\n{section}\n"
            : string.Concat(page.AsSpan(0, former.Index), section, page.AsSpan(former.Index + former.Length)));
    }

    /// <summary>All sections of the page as they stand, for who writes the rest of it.</summary>
    public static string Read(string path) =>
        File.Exists(path) ? string.Join("\n\n", Sections().Matches(File.ReadAllText(path)).Select(match => match.Value)) : "";

    [GeneratedRegex(@"<!-- (?<name>[a-z][-a-z ]*) -->.*?<!-- /\k<name> -->", RegexOptions.Singleline)]
    private static partial Regex Sections();
}
