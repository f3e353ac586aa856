namespace Pico.ClusterTests.Fixtures;

/// <summary>The images under test. PICO_TEST_IMAGES is put before each name, for clusters that pull them, such as <c>registry.example.com/me/</c>.</summary>
internal static class Images
{
    private const string Tag = "dev";

    public static string Registry { get; } = (Environment.GetEnvironmentVariable("PICO_TEST_IMAGES") ?? "").TrimEnd('/');

    public static string Server { get; } = Name("pico-server");

    public static string Agent { get; } = Name("pico-agent");

    /// <summary>The service behind endpoints (tests/Pico.TestService).</summary>
    public static string Service { get; } = Name("pico-test-service");

    public static IReadOnlyList<string> All { get; } = [Server, Agent, Service];

    /// <summary>What tells the chart.</summary>
    public static IReadOnlyList<string> ChartValues { get; } = [$"images.registry={Registry}", $"images.server.tag={Tag}", $"images.agent.tag={Tag}"];

    private static string Name(string image) => Registry.Length == 0 ? $"{image}:{Tag}" : $"{Registry}/{image}:{Tag}";
}
