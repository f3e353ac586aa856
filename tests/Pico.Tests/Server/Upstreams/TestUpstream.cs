using System.Net;
using Pico.Server.Proxy;
using Pico.Server.Upstreams;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Upstreams;

/// <summary>An upstream whose opens do what the test says, for the choice among upstreams.</summary>
internal sealed class TestUpstream(string endpointId, TimeProvider? time = null, EndpointProtocol protocol = EndpointProtocol.Http)
    : Upstream(endpointId, protocol, time ?? TimeProvider.System)
{
    public bool Open { get; set; } = true;

    /// <summary>What requests are refused with; None: they are not.</summary>
    public ProxyError Refusal { get; set; }

    public Func<CancellationToken, ValueTask<TunnelStream>> OnOpen { get; set; } =
        _ => throw new StreamException(StreamError.ServiceUnreachable, "connection refused");

    public int Opens { get; private set; }

    public Proximity Distance { get; set; }

    public int Listeners { get; set; } = 1;

    public override bool IsOpen => Open;

    public override Proximity Proximity => Distance;

    public override int Weight => Listeners;

    public override string Description => "test";

    public override ProxyError BeginRequest() => Refusal == ProxyError.None ? base.BeginRequest() : Refusal;

    public override ValueTask<TunnelStream> OpenAsync(IPEndPoint? client, System.Diagnostics.ActivityContext trace, CancellationToken cancellationToken)
    {
        Opens++;
        return OnOpen(cancellationToken);
    }
}
