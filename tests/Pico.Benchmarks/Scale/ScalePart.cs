using Pico.Benchmarks.Scale.Parts;
using Pico.Benchmarks.Scale.Reports;

namespace Pico.Benchmarks.Scale;

/// <summary>One of the scale benchmarks.</summary>
/// <param name="Name">As given to <c>--only</c>.</param>
/// <param name="Title">Its heading in the documentation.</param>
/// <param name="RunAsync">Runs it.</param>
internal sealed record ScalePart(string Name, string Title, Func<ScaleContext, CancellationToken, Task<ScaleResult>> RunAsync)
{
    /// <summary>Every part, in the order in which they run.</summary>
    public static IReadOnlyList<ScalePart> All { get; } =
    [
        new("idle", "Idle tunnels", IdlePart.RunAsync),
        new("storm", "Connection storm", StormPart.RunAsync),
        new("websockets", "Long streams", WebSocketPart.RunAsync),
        new("endpoints", "Many endpoints", EndpointPart.RunAsync),
        new("growth", "Growth", GrowthPart.RunAsync),
        new("gossip", "Gossip of a large cluster", GossipPart.RunAsync),
    ];
}
