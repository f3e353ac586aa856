namespace Pico.Configuration.Commands;

/// <summary>What help says about a verb.</summary>
public sealed record VerbText
{
    /// <summary>The word on the command line.</summary>
    public required string Name { get; init; }

    /// <summary>What it does, in one line.</summary>
    public required string Summary { get; init; }

    /// <summary>What it does, so that a newcomer understands it.</summary>
    public required string Details { get; init; }

    /// <summary>Command lines to try, each with what it is for.</summary>
    public required IReadOnlyList<(string What, string CommandLine)> Examples { get; init; }

    /// <summary>The page of the documentation to read on.</summary>
    public required string Docs { get; init; }
}
