using Spectre.Console;

namespace Pico.Cli.Status;

/// <summary>Where tables are written to.</summary>
/// <param name="Out">The writer.</param>
/// <param name="Width">How many columns a line has; null if it may be as long as it likes, since nobody looks at it there.</param>
/// <param name="Height">How many lines can be seen at once; null if all.</param>
/// <param name="HasColour">True if colours are understood, and wanted.</param>
internal sealed record Screen(TextWriter Out, int? Width, int? Height, bool HasColour)
{
    // Wider than any table; lines are trimmed.
    private const int Unlimited = 100_000;

    /// <summary>What is behind <paramref name="output"/>: this process's terminal, or a file, a pipe, another writer. Colours follow no-color.org.</summary>
    public static Screen Of(TextWriter output)
    {
        if (!ReferenceEquals(output, Console.Out) || Console.IsOutputRedirected || Console.WindowWidth <= 0)
            return new Screen(output, Width: null, Height: null, HasColour: false);
        var isPlain = Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 } || Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb";
        return new Screen(output, Console.WindowWidth, Console.WindowHeight > 0 ? Console.WindowHeight : null, !isPlain);
    }

    /// <summary>Writes a table or a text.</summary>
    public void Write(Spectre.Console.Rendering.IRenderable renderable)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = HasColour ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = HasColour ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = Width ?? Unlimited;
        console.Profile.Capabilities.Unicode = true;
        console.Write(renderable);
        foreach (var line in text.ToString().TrimEnd().Split('\n'))
            Out.WriteLine(line.TrimEnd());
    }

    /// <summary>The same without width: for what is wanted whole.</summary>
    public Screen Wide() => this with { Width = null };
}
