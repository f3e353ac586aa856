namespace Pico.IntegrationTests.Fixtures;

/// <summary>Where a program runs.</summary>
internal sealed record Surroundings
{
    /// <summary>Here, as the tests themselves.</summary>
    public static Surroundings Here { get; } = new();

    /// <summary>The address that its ports are bound to.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The network namespace; null is that of the tests.</summary>
    public string? Namespace { get; init; }

    /// <summary>Added to the environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}
