using Microsoft.Extensions.Logging.Abstractions;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Tunnel;

/// <summary>A peer that sends without end and reads nothing cannot make the tunnel hold more than its bounds.</summary>
[Collection("Allocations")]
public sealed class FloodTests
{
    // Nobody reads what ends the tunnel, so this is how long each of these takes.
    private static readonly TunnelOptions Options = TunnelOptions.Default with { CloseTimeout = TimeSpan.FromMilliseconds(100) };

    public static TheoryData<string> Floods => ["ping", "open", "open and reset", "register", "window", "data on a stream that was reset"];

    [Theory]
    [MemberData(nameof(Floods))]
    public async Task Flood_OfAPeerThatReadsNothing_EndsOrIsAbsorbedInBoundedMemory(string flood)
    {
        const int Repeats = 2000;
        const int PerRepeat = 100;
        var start = new List<byte>(Frames.Hello("peer"));
        if (flood is "window" or "data on a stream that was reset")
            start.AddRange(Frames.Open(1));
        if (flood is "data on a stream that was reset")
            start.AddRange(Frames.Reason(FrameType.Reset, 1, 1));
        var script = new List<byte>(start);
        for (var i = 0; i < PerRepeat; i++)
        {
            script.AddRange(flood switch
            {
                "ping" => Frames.Ping((ulong)i),
                "window" => Frames.Number(FrameType.Window, 1, 1),
                "data on a stream that was reset" => Frames.Data(1, 200),
                // IDs are used once only, so these end as a violation when the script repeats, or as a flood before.
                "open" => Frames.Open(1 + 2 * (uint)i),
                "open and reset" => [.. Frames.Open(1 + 2 * (uint)i), .. Frames.Reason(FrameType.Reset, 1 + 2 * (uint)i, 1)],
                _ => Frames.Register(1 + (uint)i),
            });
        }

        var transport = new ScriptedTransport([.. script], 64 * 1024, blockSends: true) { Repeats = Repeats, RepeatFrom = start.Count };
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var tunnel = await TunnelConnection.AcceptAsync(
            transport, new TunnelHello { Id = "self" }, _ => null, new TestHandler(), Options, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        tunnel.Start();
        var end = await tunnel.Completion.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        Assert.Contains(end.Error, new[] { TunnelError.TransportLost, TunnelError.Flood, TunnelError.ProtocolError });
        Assert.Equal(0, tunnel.StreamCount);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 8_000_000);
    }

    [Fact]
    public async Task Flood_OfOpens_BeyondTheStreamLimit_IsRefusedUntilTheAnswersPileUp()
    {
        var script = new List<byte>(Frames.Hello("peer"));
        for (uint i = 0; i < 200_000; i++)
            script.AddRange(Frames.Open(1 + 2 * i));
        var transport = new ScriptedTransport([.. script], 64 * 1024, blockSends: true) { RepeatFrom = Frames.Hello("peer").Length };
        var tunnel = await TunnelConnection.AcceptAsync(
            transport, new TunnelHello { Id = "self" }, _ => null, new TestHandler(), Options with { MaxStreams = 100 }, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        tunnel.Start();
        var end = await tunnel.Completion.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        Assert.Equal(TunnelError.Flood, end.Error);
    }
}
