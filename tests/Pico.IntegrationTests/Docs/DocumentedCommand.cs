using System.Text.RegularExpressions;
using Pico.Tests;

namespace Pico.IntegrationTests.Docs;

/// <summary>A command line of a page.</summary>
/// <param name="Page">The page, from the repository's root.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Text">The command, in one line, with its comment.</param>
internal sealed partial record DocumentedCommand(string Page, int Line, string Text)
{
    private static readonly string[] Shells = ["", "sh", "bash", "console"];

    /// <summary>What the page shows that it prints, line by line; empty if nothing is shown.</summary>
    public IReadOnlyList<string> Shown { get; init; } = [];

    /// <summary>README.md and docs/*.md.</summary>
    public static IEnumerable<string> Pages =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md").Select(f => Path.GetRelativePath(Repository.Root, f)).Prepend("README.md").Order(StringComparer.Ordinal);

    /// <summary>Where it stands.</summary>
    public string Where => $"{Page}:{Line}";

    /// <summary>How it is run: to its end, or in the background until something else takes its place.</summary>
    public string Kind => Text switch
    {
        _ when Server().IsMatch(Text) => "server",
        _ when Agent().IsMatch(Text) => "agent",
        _ when Forward().IsMatch(Text) => "forward",
        _ when Stream().IsMatch(Text) => "watch",
        _ => "run",
    };

    /// <summary>The commands of a page: in blocks that are indented or fenced, the lines after <c>$</c>; in blocks without that, all lines, if the first is a command.</summary>
    public static List<DocumentedCommand> Of(string page)
    {
        var commands = new List<DocumentedCommand>();
        foreach (var block in Blocks(File.ReadAllLines(Path.Combine(Repository.Root, page))))
        {
            var isSession = block.Any(l => l.Text.StartsWith("$ ", StringComparison.Ordinal));
            if (!isSession && !IsCommand().IsMatch(block.First(l => !l.Text.StartsWith('#')).Text))
                continue;
            for (var i = 0; i < block.Count; i++)
            {
                var (number, text) = block[i];
                if (isSession ? !text.StartsWith("$ ", StringComparison.Ordinal) : text.StartsWith('#') || text.Length == 0)
                    continue;
                while (text.EndsWith('\\') && i + 1 < block.Count)
                    text = text[..^1] + block[++i].Text.TrimStart();
                commands.Add(new DocumentedCommand(page, number, isSession ? text[2..] : text) { Shown = isSession ? ShownAfter(block, i) : [] });
            }
        }

        return commands;
    }

    private static IEnumerable<List<(int Number, string Text)>> Blocks(string[] lines)
    {
        for (var i = 0; i < lines.Length; i++)
        {
            var block = new List<(int, string)>();
            if (Fence().Match(lines[i]) is { Success: true } fence)
            {
                var isShell = Shells.Contains(fence.Groups["language"].Value);
                for (i++; i < lines.Length && !Fence().IsMatch(lines[i]); i++)
                    block.Add((i + 1, lines[i].TrimStart()));
                if (!isShell)
                    continue;
            }
            else if (IsIndented(lines[i]) && (i == 0 || lines[i - 1].Length == 0))
            {
                for (; i < lines.Length && IsIndented(lines[i]); i++)
                    block.Add((i + 1, lines[i][4..]));
            }

            if (block.Any(l => l.Item2.Length > 0 && !l.Item2.StartsWith('#')))
                yield return block;
        }
    }

    private static IReadOnlyList<string> ShownAfter(List<(int Number, string Text)> block, int command) =>
        [.. block.Skip(command + 1).Select(l => l.Text).TakeWhile(t => !t.StartsWith("$ ", StringComparison.Ordinal))];

    private static bool IsIndented(string line) => line.StartsWith("    ", StringComparison.Ordinal) && line.Length > 4;

    [GeneratedRegex("^ *```(?<language>[a-z]*)")]
    private static partial Regex Fence();

    /// <summary>The programs that a page may tell to run; a block that begins with another word is a picture, or what a program prints.</summary>
    [GeneratedRegex(@"^([A-Z_]+=\S* )*(\./|tests/)?(pico|pico-agent|curl|kubectl|helm|make|openssl|psql|cat|cp|mv|export|source|open|docker|dotnet|git|promtool|otelcol|date)( |$)")]
    private static partial Regex IsCommand();

    [GeneratedRegex(@"^([A-Z_]+=\S* )*pico server( |$)")]
    private static partial Regex Server();

    [GeneratedRegex("^pico(-agent)? agent ")]
    private static partial Regex Agent();

    [GeneratedRegex("^pico(-agent)? forward |^kubectl .*port-forward ")]
    private static partial Regex Forward();

    [GeneratedRegex("^curl -sN |^pico status .*--watch")]
    private static partial Regex Stream();
}
