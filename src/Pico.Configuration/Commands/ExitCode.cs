namespace Pico.Configuration.Commands;

/// <summary>What the process tells its parent.</summary>
public static class ExitCode
{
    /// <summary>All went well, or a signal ended it in order.</summary>
    public const int Clean = 0;

    /// <summary>It could not do, or go on with, what was asked.</summary>
    public const int Failure = 1;

    /// <summary>The command line, environment or file is wrong; nothing was done.</summary>
    public const int Usage = 2;
}
