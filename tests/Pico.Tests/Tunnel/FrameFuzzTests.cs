using Microsoft.Extensions.Logging.Abstractions;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Tunnel;

/// <summary>
/// Mutated and random sequences of frames against both ends. Short by default; <c>PICO_FUZZ_SEQUENCES</c> sets how many and
/// <c>PICO_FUZZ_SEED</c> repeats a run.
/// </summary>
public sealed class FrameFuzzTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task AnySequenceOfFrames_EndsTheTunnelAndEveryStream()
    {
        var sequences = int.Parse(Environment.GetEnvironmentVariable("PICO_FUZZ_SEQUENCES") ?? "4000");
        var seed = int.Parse(Environment.GetEnvironmentVariable("PICO_FUZZ_SEED") ?? Random.Shared.Next().ToString());
        output.WriteLine($"PICO_FUZZ_SEED={seed} PICO_FUZZ_SEQUENCES={sequences}");
        var ends = new Dictionary<TunnelError, int>();
        for (var i = 0; i < sequences; i++)
        {
            var end = await RunAsync(new Random(seed + i), i % 2 == 0);
            ends[end] = ends.GetValueOrDefault(end) + 1;
        }

        output.WriteLine(string.Join(", ", ends.OrderBy(e => e.Key).Select(e => $"{e.Key}: {e.Value}")));
        // The generator reaches both: streams of frames that are right to the end, and violations.
        Assert.Contains(TunnelError.TransportLost, ends.Keys);
        Assert.Contains(TunnelError.ProtocolError, ends.Keys);
    }

    private static async Task<TunnelError> RunAsync(Random random, bool asServer)
    {
        var opens = random.Next(3);
        var script = Script(random, asServer, opens);
        var transport = new ScriptedTransport(script, random.Next(4) == 0 ? 1 + random.Next(16) : 4096);
        var handler = new TestHandler { Serve = EchoAsync };
        var hello = new TunnelHello { Id = "self" };
        TunnelConnection tunnel;
        try
        {
            tunnel = asServer
                ? await TunnelConnection.AcceptAsync(transport, hello, _ => null, handler, TunnelOptions.Default, TimeProvider.System, NullLogger.Instance, CancellationToken.None)
                : await TunnelConnection.ConnectAsync(transport, hello, handler, TunnelOptions.Default, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        }
        catch (TunnelException e)
        {
            return e.Error;
        }

        var own = Enumerable.Range(0, opens).Select(_ => OpenAndEchoAsync(tunnel)).ToList();
        tunnel.Start();
        var end = await tunnel.Completion.WaitAsync(Watchdog, TimeProvider.System);
        await Task.WhenAll(own).WaitAsync(Watchdog, TimeProvider.System);
        Assert.Equal(0, tunnel.StreamCount);
        return end.Error;
    }

    private static async Task OpenAndEchoAsync(TunnelConnection tunnel)
    {
        try
        {
            await EchoAsync(await tunnel.OpenAsync(TunnelPair.Tcp, CancellationToken.None));
        }
        catch (StreamException)
        {
            // Refused, reset or lost: any of them is an answer. What may not happen is none.
        }
    }

    private static async Task EchoAsync(TunnelStream stream)
    {
        await using (stream)
        {
            try
            {
                while (true)
                {
                    var result = await stream.Input.ReadAsync();
                    await stream.WriteAsync(result.Buffer);
                    stream.Input.AdvanceTo(result.Buffer.End);
                    if (result.IsCompleted)
                        break;
                }

                stream.CompleteOutput();
            }
            catch (StreamException)
            {
                // As above.
            }
        }
    }

    private static byte[] Script(Random random, bool peerIsClient, int ownOpens)
    {
        var script = new List<byte>(Frames.Hello("peer"));
        var firstPeerId = peerIsClient ? 1u : 2u;
        var firstOwnId = peerIsClient ? 2u : 1u;
        var peerOpens = 0;
        var frames = random.Next(1, 40);
        for (var i = 0; i < frames; i++)
        {
            // Mostly streams that exist or existed, so that sequences get far.
            var ownId = firstOwnId + 2 * (uint)random.Next(random.Next(50) == 0 ? 5 : Math.Max(1, ownOpens));
            var peerId = firstPeerId + 2 * (uint)random.Next(random.Next(50) == 0 ? 9 : Math.Max(1, peerOpens));
            var id = ownOpens > 0 && random.Next(3) == 0 ? ownId : peerId;
            var frame = (peerOpens == 0 ? 0 : random.Next(16)) switch
            {
                0 or 1 or 2 => Frames.Open(firstPeerId + 2 * (uint)peerOpens++),
                3 or 4 => Frames.Data(id, random.Next(2000), random.Next(5) == 0),
                5 => Frames.Number(FrameType.Window, id, (uint)random.Next(100_000)),
                6 when ownOpens > 0 => Frames.Number(FrameType.Accept, ownId, 65_536),
                7 => Frames.Reason(FrameType.Reset, id, (ushort)random.Next(20)),
                8 when ownOpens > 0 && random.Next(4) == 0 => Frames.Reason(FrameType.Refuse, ownId, 2),
                9 => Frames.Ping((ulong)random.NextInt64(), random.Next(2) == 0 ? FrameType.Ping : FrameType.Pong),
                10 => Frames.Register((uint)random.Next(1, 1000)),
                11 => Frames.Empty(FrameType.Deregister, (uint)random.Next(5)),
                12 => Frames.Empty((FrameType)random.Next(0x30, 256), id),
                13 when random.Next(5) == 0 => Frames.Reason(FrameType.GoAway, 0, (ushort)random.Next(12)),
                _ => Frames.Data(id, random.Next(20_000)),
            };
            if (random.Next(60) == 0)
                Mutate(random, ref frame);
            script.AddRange(frame);
        }

        if (random.Next(10) == 0)
            script.RemoveRange(script.Count - 1, 1);
        return [.. script];
    }

    private static void Mutate(Random random, ref byte[] frame)
    {
        switch (random.Next(4))
        {
            case 0:
                frame[random.Next(frame.Length)] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                random.NextBytes(frame.AsSpan(0, Math.Min(frame.Length, 8)));
                break;
            case 2:
                frame = frame[..random.Next(frame.Length)];
                break;
            default:
                random.NextBytes(frame);
                break;
        }
    }
}
