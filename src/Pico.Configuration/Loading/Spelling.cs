namespace Pico.Configuration.Loading;

/// <summary>Guesses what a misspelt key was meant to be.</summary>
internal static class Spelling
{
    /// <summary>The known key that is nearest, if it is near enough to be meant.</summary>
    public static string? Nearest(string key, IEnumerable<string> known)
    {
        var allowed = Math.Max(2, key.Length / 4);
        return known
            .Select(k => (Key: k, Distance: Distance(key, k)))
            .Where(c => c.Distance <= allowed)
            .OrderBy(c => c.Distance)
            .Select(c => c.Key)
            .FirstOrDefault();
    }

    /// <summary>How many characters must be added, removed or changed (Levenshtein), without regard to case.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var change = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + change));
            }
        }

        return row[b.Length];
    }
}
