namespace Pico.Configuration.Loading;

/// <summary>One thing that is wrong with the configuration.</summary>
/// <param name="Key">The option, or the unknown key as it was written.</param>
/// <param name="Source">Where it stands: a flag, an environment variable, or a file with line and column; empty if it stands nowhere.</param>
/// <param name="Message">What is wrong, with the value (never a secret's) and what is allowed.</param>
public sealed record ConfigurationProblem(string Key, string Source, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => Source.Length == 0 || Source == Key ? $"{Key}: {Message}" : $"{Key} ({Source}): {Message}";

    internal static ConfigurationProblem UnknownKey(string key, string source, string? suggestion) =>
        new(key, source, suggestion is null ? "no such option" : $"no such option; did you mean {suggestion}?");
}
