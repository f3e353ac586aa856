using Pico.Configuration.Loading;

namespace Pico.Configuration.Commands;

/// <summary>What people are told about their configuration.</summary>
internal static class UsageReport
{
    /// <summary>Everything that is wrong, a line each, and where to read on.</summary>
    public static void Write(TextWriter error, string verb, IReadOnlyList<ConfigurationProblem> problems)
    {
        error.WriteLine(problems.Count == 1 ? $"{verb}: the configuration is not valid:" : $"{verb}: {problems.Count} things in the configuration are not valid:");
        foreach (var problem in problems)
            error.WriteLine("  " + problem);
        error.WriteLine($"'{verb} --help' lists what there is.");
    }

    /// <summary>That none of <paramref name="verbs"/> was named by <paramref name="words"/>, and what there is.</summary>
    public static void WriteNoVerb(TextWriter error, string program, IEnumerable<Verb> verbs, IReadOnlyList<string> words)
    {
        var names = verbs.Where(v => !v.IsHidden).Select(v => v.Text.Name).ToArray();
        var word = words is [var first, ..] ? first : null;
        var meant = word is null ? null : Spelling.Nearest(word, names);
        error.WriteLine(word is null ? $"{program}: a verb is missing" : $"{program}: no such verb: {word}" + (meant is null ? "" : $"; did you mean {meant}?"));
        error.WriteLine($"The verbs are {string.Join(", ", names)}.");
        error.WriteLine($"'{program} --help' explains them.");
    }

    /// <summary>The options in effect, in the form of the file.</summary>
    public static void WriteEffective(TextWriter output, IReadOnlyList<EffectiveOption> options)
    {
        string[] group = [];
        foreach (var option in options)
        {
            var path = option.Name.Split('.');
            var common = group.Zip(path[..^1]).TakeWhile(p => p.First == p.Second).Count();
            for (var depth = common; depth < path.Length - 1; depth++)
                output.WriteLine($"{Indent(depth)}{path[depth]}:");
            group = path[..^1];
            var source = option.IsDefault ? "default" : option.Source;
            output.WriteLine($"{Indent(group.Length)}{path[^1]}: '{option.Value.Replace("'", "''", StringComparison.Ordinal)}'  # {source}");
        }
    }

    private static string Indent(int depth) => new(' ', depth * 2);
}
