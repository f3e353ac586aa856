namespace Pico.IntegrationTests.Fixtures;

/// <summary>
/// Tests that last minutes under a light, steady load, and mostly wait. With this trait <c>tests/run</c> leaves them to a run of their own after all others, where they
/// run at the same time.
/// </summary>
internal static class Long
{
    public const string Trait = "Runs";

    public const string Runs = "Long";
}
