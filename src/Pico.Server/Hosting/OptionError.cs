namespace Pico.Server.Hosting;

/// <summary>One option whose value is not allowed.</summary>
/// <param name="Key">The option's name, such as <c>proxy.bind-addr</c>.</param>
/// <param name="Value">What was given.</param>
/// <param name="Allowed">What is allowed, in words.</param>
public sealed record OptionError(string Key, string Value, string Allowed)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Key}: '{Value}' is not allowed; {Allowed}";
}
