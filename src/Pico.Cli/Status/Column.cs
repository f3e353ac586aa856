using Spectre.Console;

namespace Pico.Cli.Status;

/// <summary>A column of a table of <typeparamref name="T"/>.</summary>
/// <param name="Header">Its heading.</param>
/// <param name="Cell">What stands in it.</param>
internal sealed record Column<T>(string Header, Func<T, string> Cell)
{
    /// <summary>How dispensable it is: where there is no room for all, those with the greatest rank go first; 0 stays.</summary>
    public int Rank { get; init; }

    /// <summary>True if it is shown in a wide table only.</summary>
    public bool IsWide { get; init; }

    /// <summary>Cells may be cut to so many characters before any column goes; 0: only when all others have gone.</summary>
    public int Least { get; init; }

    /// <summary>True for numbers, which stand at the right.</summary>
    public bool IsNumber { get; init; }

    /// <summary>The colour of a cell, by what stands in it.</summary>
    public Func<string, Color?>? Colour { get; init; }
}
