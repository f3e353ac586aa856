namespace Pico.Benchmarks;

/// <summary>The benchmark cannot go on, or its figures would be worth nothing. The message is for the person at the terminal.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);
