namespace Pico.ClusterTests.Fixtures;

/// <summary>
/// Tests with many requests a second, or another Pico, for minutes beside others: with a whole cluster on two cores they fail by its slowness, so that the check of a commit leaves
/// them out (<c>--filter-not-trait Runs=UnderLoad</c>).
/// </summary>
internal static class UnderLoad
{
    public const string Trait = "Runs";

    public const string Runs = "UnderLoad";
}
