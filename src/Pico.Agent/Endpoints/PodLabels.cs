using System.Text;

namespace Pico.Agent.Endpoints;

/// <summary>
/// A pod's labels as Kubernetes' downward API writes them in a volume: a line <c>key="value"</c> for each, the value quoted as in Go. What such a file
/// cannot have is passed over.
/// </summary>
internal static class PodLabels
{
    public static IReadOnlyDictionary<string, string> Parse(string content)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in content.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals && Unquote(line.AsSpan(equals + 1).Trim()) is { } value)
                labels[line[..equals]] = value;
        }

        return labels;
    }

    // A label's value is of letters, digits, '-', '_' and '.'; nothing in it is ever escaped but by a backslash before the character.
    private static string? Unquote(ReadOnlySpan<char> text)
    {
        if (text.Length < 2 || text[0] != '"' || text[^1] != '"')
            return null;
        var value = new StringBuilder(text.Length);
        for (var i = 1; i < text.Length - 1; i++)
        {
            if (text[i] == '\\' && i < text.Length - 2)
                i++;
            value.Append(text[i]);
        }

        return value.ToString();
    }
}
