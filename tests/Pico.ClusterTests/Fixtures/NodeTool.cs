using Pico.IntegrationTests.Fixtures;

namespace Pico.ClusterTests.Fixtures;

/// <summary>
/// What takes a machine of the cluster away and brings it back, which no API can: the program that PICO_TEST_NODE_TOOL names, as <c>kill NAME</c> (kubelet, container runtime and network at once) and
/// <c>restore NAME</c>. <c>.ci/node</c> is one for the cluster of <c>.ci/run</c>.
/// </summary>
internal sealed class NodeTool
{
    private const string Variable = "PICO_TEST_NODE_TOOL";
    private readonly Tool _program;

    private NodeTool(string program) => _program = new(program, program);

    /// <summary>Finds it. Skips the test without it; fails it instead where CI=true.</summary>
    public static NodeTool Require() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } program
        ? new(program)
        : throw Tool.Lacking($"No machine of the cluster can be taken away: {Variable} names no program that does it.");

    /// <summary>The node is gone, without a word to anybody.</summary>
    public Task KillAsync(string node) => RunAsync("kill", node);

    /// <summary>It is back; its kubelet has yet to say so.</summary>
    public Task RestoreAsync(string node) => RunAsync("restore", node);

    private async Task RunAsync(string what, string node) => (await Command.RunAsync(_program, what, node)).Succeeded();
}
