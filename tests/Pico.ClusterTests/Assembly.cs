using Pico.ClusterTests.Fixtures;
using Xunit.Sdk;
using Xunit.v3;

// Tests wait for the cluster rather than compute. Those that measure, or disturb the one installation, are in the collection Alone and run after the others.
[assembly: Parallelization(Mode = ParallelMode.All, MaxThreads = 4)]
[assembly: AssemblyFixture(typeof(PicoRelease))]
