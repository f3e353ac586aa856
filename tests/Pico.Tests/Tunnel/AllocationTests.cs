using System.Net;
using System.Net.Sockets;
using Pico.Tunnel;
using Pico.Tunnel.Transports;

namespace Pico.Tests.Tunnel;

/// <summary>Nothing is allocated per frame on the data path.</summary>
[Collection("Allocations")]
public sealed class AllocationTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(200)]
    [InlineData(30_000)]
    public async Task Frames_BothWays_AllocateNothing(int size)
    {
#if DEBUG
        Assert.Skip("Debug builds make objects of state machines; run with -c Release.");
#endif
        const double Bound = 12;
        const int RoundTrips = 4_000;
        var (client, server) = await ConnectAsync();
        await using var pair = await TunnelPair.CreateAsync(transports: (client, server));
        var (asker, answerer) = await pair.OpenAsync(CancellationToken.None);
        var echo = Task.Run(() => EchoAsync(answerer));
        var message = new byte[size];
        await RoundTripsAsync(asker, message, 2000);
        var perFrame = double.MaxValue;
        for (var round = 0; round < 8 && perFrame > Bound; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await RoundTripsAsync(asker, message, RoundTrips);
            perFrame = (GC.GetTotalAllocatedBytes(precise: true) - before) / (2.0 * RoundTrips);
        }

        output.WriteLine($"{perFrame:0.000} bytes allocated per frame of {size} bytes");
        asker.CompleteOutput();
        await echo;
        // The smallest object has 24 bytes. A window's worth of blocks, first needed when the machine was busy, is a megabyte, but in one round only.
        Assert.InRange(perFrame, 0, Bound);
    }

    private static async Task RoundTripsAsync(TunnelStream stream, byte[] message, int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            await stream.WriteAsync(message);
            for (var missing = message.Length; missing > 0;)
            {
                var result = await stream.Input.ReadAsync();
                missing -= (int)result.Buffer.Length;
                stream.Input.AdvanceTo(result.Buffer.End);
            }
        }
    }

    private static async Task EchoAsync(TunnelStream stream)
    {
        while (true)
        {
            var result = await stream.Input.ReadAsync();
            await stream.WriteAsync(result.Buffer);
            stream.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                break;
        }
    }

    private static async Task<(TunnelTransport Client, TunnelTransport Server)> ConnectAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await client.ConnectAsync(listener.LocalEndpoint);
        var server = await listener.AcceptSocketAsync();
        server.NoDelay = true;
        return (new StreamTransport(new NetworkStream(client, ownsSocket: true), "client"), new StreamTransport(new NetworkStream(server, ownsSocket: true), "server"));
    }
}

/// <summary>Tests that count what the process allocates run alone.</summary>
[CollectionDefinition("Allocations", DisableParallelization = true)]
public sealed class AllocationsCollection;
