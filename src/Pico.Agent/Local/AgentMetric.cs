namespace Pico.Agent.Local;

/// <summary>A metric of the agent, as <c>/metrics</c> of its own port has it.</summary>
/// <param name="Name">Its name, with the unit.</param>
/// <param name="Type"><c>gauge</c> or <c>counter</c>.</param>
/// <param name="Help">What it says.</param>
/// <param name="Labels">The names of its labels, if it has any.</param>
public sealed record AgentMetric(string Name, string Type, string Help, params IReadOnlyList<string> Labels);
