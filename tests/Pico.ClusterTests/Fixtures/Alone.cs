namespace Pico.ClusterTests.Fixtures;

/// <summary>Tests that measure, or that disturb the one installation: they run one after the other, when nothing else runs.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
[TestClassOrderer(typeof(LastClasses))]
public sealed class Alone;
