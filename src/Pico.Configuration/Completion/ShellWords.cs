using System.Text;

namespace Pico.Configuration.Completion;

/// <summary>Splits a command line into words as shells do, as far as that needs no evaluation: blanks, quotes, backslashes. Nothing of it is run.</summary>
internal static class ShellWords
{
    /// <summary>The words of <paramref name="line"/>, which ends at the cursor. The last is the one that is being written: empty after a blank.</summary>
    public static IReadOnlyList<string> Split(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var isInWord = false;
        var quote = '\0';
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (isInWord)
                    words.Add(word.ToString());
                word.Clear();
                isInWord = false;
                continue;
            }

            isInWord = true;
            if (c == quote)
                quote = '\0';
            else if (quote == '\0' && c is '\'' or '"')
                quote = c;
            else if (c == '\\' && quote != '\'' && i + 1 < line.Length)
                word.Append(line[++i]);
            else
                word.Append(c);
        }

        words.Add(word.ToString());
        return words;
    }
}
