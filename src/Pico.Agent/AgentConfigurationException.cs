namespace Pico.Agent;

/// <summary>The options or the endpoints file cannot be worked with. Its message has everything that is wrong, a line for each.</summary>
public sealed class AgentConfigurationException(IReadOnlyList<string> errors) : Exception(string.Join(Environment.NewLine, errors))
{
    /// <summary>What is wrong, one message for each thing.</summary>
    public IReadOnlyList<string> Errors { get; } = errors;
}
