namespace Pico.IntegrationTests.Fixtures;

/// <summary>Tests that measure time or memory: they run one after the other, when nothing else runs.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
