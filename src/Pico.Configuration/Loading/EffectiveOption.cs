namespace Pico.Configuration.Loading;

/// <summary>The value that an option has in the end, and where it comes from.</summary>
/// <param name="Name">The option's name.</param>
/// <param name="Value">The value as it would be written; a secret is not shown.</param>
/// <param name="Source">The flag, the environment variable, or file with line and column; empty for a default.</param>
public sealed record EffectiveOption(string Name, string Value, string Source)
{
    /// <summary>True if no source gave a value.</summary>
    public bool IsDefault => Source.Length == 0;

    /// <inheritdoc/>
    public override string ToString() => IsDefault ? $"{Name}={Value}" : $"{Name}={Value} ({Source})";
}
