using Pico.IntegrationTests.Fixtures;
using Xunit.Sdk;
using Xunit.v3;

// Most tests wait for peers rather than compute, so more of them run than there are cores. Those that measure are in the collection Alone.
[assembly: Parallelization(Mode = ParallelMode.All, MaxThreads = 6)]
[assembly: AssemblyFixture(typeof(SharedServer))]
