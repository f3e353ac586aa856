namespace Pico.Server.Hosting;

/// <summary>The options are not valid: all errors at once.</summary>
public sealed class InvalidOptionsException(IReadOnlyList<OptionError> errors) : Exception(string.Join(Environment.NewLine, errors))
{
    /// <summary>What is wrong, at least one.</summary>
    public IReadOnlyList<OptionError> Errors { get; } = errors;
}
