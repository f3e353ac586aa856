using System.Text.Json.Serialization;

namespace Pico.Agent.Local;

/// <summary>What <c>/status</c> says.</summary>
internal sealed record AgentStatus(
    string Name,
    string Version,
    bool Ready,
    bool Draining,
    IReadOnlyList<EndpointStatus> Endpoints,
    IReadOnlyList<TunnelStatus> Tunnels,
    TrafficStatus Traffic);

internal sealed record EndpointStatus(string Id, string Protocol, string Target, bool Healthy);

/// <summary>Streams are those open now; the round trip is the shortest recent one.</summary>
internal sealed record TunnelStatus(
    string Node,
    string Zone,
    string Address,
    DateTimeOffset Since,
    bool Leaving,
    int Streams,
    double RoundTripMs,
    int Registered,
    IReadOnlyDictionary<string, string> Refused);

/// <summary>Since the start; active is now.</summary>
internal sealed record TrafficStatus(long ActiveStreams, long AcceptedStreams, long RefusedStreams, long BytesToServices, long BytesFromServices);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(AgentStatus))]
internal sealed partial class AgentStatusJson : JsonSerializerContext;
