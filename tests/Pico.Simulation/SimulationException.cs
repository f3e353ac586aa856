namespace Pico.Simulation;

/// <summary>A property did not hold.</summary>
public sealed class SimulationException(string message) : Exception(message);
