using Pico.Tunnel.Protocol;

namespace Pico.Server.Upstreams;

/// <summary>The protocols' names as people write them: schemes of the agent's endpoints.</summary>
internal static class ProtocolNames
{
    public static string Of(EndpointProtocol protocol) => protocol switch
    {
        EndpointProtocol.Http => "http",
        EndpointProtocol.H2C => "h2c",
        _ => "tcp",
    };
}
