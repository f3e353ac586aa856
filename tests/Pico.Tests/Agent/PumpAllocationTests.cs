using System.Net;
using System.Net.Sockets;
using Pico.Agent.Forwarding;
using Pico.Tests.Tunnel;
using Pico.Tunnel;
using Pico.Tunnel.Transports;

namespace Pico.Tests.Agent;

/// <summary>Alone, because the whole process is counted: the pump, the sockets, both ends of the tunnel, and the test.</summary>
[Collection("Allocations")]
public sealed class PumpAllocationTests(ITestOutputHelper output)
{
    private const double Bound = 12;
    private const int Requests = 4_000;

    [Fact]
    public async Task SteadyTraffic_AllocatesNothingPerRequest()
    {
#if DEBUG
        Assert.Skip("Debug builds make objects of state machines; run with -c Release.");
#endif
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1), TimeProvider.System);
        var token = timeout.Token;
        var (nodeSide, tunnelSide) = await ConnectAsync(token);
        await using var pair = await TunnelPair.CreateAsync(transports: (Transport(tunnelSide), Transport(nodeSide)));
        var (agentSide, service) = await ConnectAsync(token);
        _ = TestService.EchoAsync(service);
        var (client, stream) = await pair.OpenAsync(token);
        var pump = new BytePump(new ReceiveBuffers(1024 * 1024), TimeProvider.System, new ForwardingStatistics())
            .RunAsync(stream, new SocketConnection(agentSide));
        await ExchangeAsync(client, 2_000);

        var least = double.MaxValue;
        for (var round = 0; round < 8 && least > Bound; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await ExchangeAsync(client, Requests);
            least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Requests);
        }

        output.WriteLine($"{least:0.000} bytes allocated per request");
        // The smallest object has 24 bytes. What the runtime does of its own, and arrays that the pool lost, only add in some rounds.
        Assert.InRange(least, 0, Bound);
        client.CompleteOutput();
        await pump.WaitAsync(token);
    }

    private static TunnelTransport Transport(Socket socket) => new StreamTransport(new NetworkStream(socket, ownsSocket: true), "socket");

    private static async Task<(Socket Client, Socket Server)> ConnectAsync(CancellationToken cancellationToken)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await client.ConnectAsync(listener.LocalEndpoint, cancellationToken);
        var server = await listener.AcceptSocketAsync(cancellationToken);
        server.NoDelay = true;
        return (client, server);
    }

    private static async Task ExchangeAsync(TunnelStream client, int count)
    {
        var request = new byte[128];
        for (var i = 0; i < count; i++)
        {
            await client.WriteAsync(request);
            for (var received = 0L; received < request.Length;)
            {
                var answer = await client.Input.ReadAsync();
                received += answer.Buffer.Length;
                client.Input.AdvanceTo(answer.Buffer.End);
            }
        }
    }
}
