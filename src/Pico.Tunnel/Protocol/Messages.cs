using System.Diagnostics;
using System.Net;

namespace Pico.Tunnel.Protocol;

/// <summary>What each side says of itself in HELLO, before anything else.</summary>
public sealed record TunnelHello
{
    /// <summary>The identity of the sender: a node ID on a server, an instance ID on an agent. At most 255 bytes of UTF-8.</summary>
    public required string Id { get; init; }

    /// <summary>A name for people: the agent's name or the node's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Software and version, such as <c>pico/0.1.0</c>.</summary>
    public string Software { get; init; } = "";

    /// <summary>The availability zone, or empty.</summary>
    public string Zone { get; init; } = "";

    /// <summary>From an agent: the IDs of nodes it already holds a tunnel to.</summary>
    public IReadOnlyList<string> HeldNodes { get; init; } = [];

    /// <summary>From an agent: it takes a second tunnel to a node that it already holds.</summary>
    public bool AcceptsDuplicate { get; init; }

    /// <summary>From an agent: the tunnel is to replace one that a node asked to move (<see cref="TunnelError.Rebalance"/>); a node that has many refuses it.</summary>
    public bool IsMoving { get; init; }
}

/// <summary>One endpoint that an agent offers on a tunnel (REGISTER).</summary>
public sealed record Registration
{
    /// <summary>Chosen by the agent, unique within the tunnel, never used again on it.</summary>
    public required uint Id { get; init; }

    /// <summary>The endpoint ID in lower case.</summary>
    public required string EndpointId { get; init; }

    /// <summary>What the service speaks.</summary>
    public required EndpointProtocol Protocol { get; init; }
}

/// <summary>What a stream is for (OPEN).</summary>
public sealed record StreamOpen
{
    /// <summary>The registration at the agent that the stream goes to; 0 when <see cref="EndpointId"/> says it (peer links).</summary>
    public uint RegistrationId { get; init; }

    /// <summary>The endpoint, on peer links; else empty.</summary>
    public string EndpointId { get; init; } = "";

    /// <summary>What will be spoken on the stream.</summary>
    public required EndpointProtocol Protocol { get; init; }

    /// <summary>The client's address, where there is one client for the stream's whole life (TCP, upgraded connections).</summary>
    public IPEndPoint? ClientAddress { get; init; }

    /// <summary>The span that the stream is opened for, on peer links; default if there is none.</summary>
    public ActivityContext Trace { get; init; }
}
