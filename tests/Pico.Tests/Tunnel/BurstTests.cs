using Microsoft.Extensions.Logging.Abstractions;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Tunnel;

/// <summary>What a relay passes on of many streams that came together.</summary>
public sealed class BurstTests
{
    private const int Streams = 8;

    private static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System).Token;

    [Theory]
    [InlineData(100, true)]
    [InlineData(4096, false)] // more than a writer sends itself: another thread begins meanwhile
    public async Task Frames_ReceivedTogether_ArePassedOnTogether(int bytes, bool isSentByReader)
    {
        var deadline = Deadline;
        var (clientEnd, serverEnd) = MemoryTransport.CreatePair();
        var observed = new ObservedTransport(serverEnd);
        await using var pair = await TunnelPair.CreateAsync(transports: (clientEnd, observed));
        var targets = new List<(TunnelStream Server, TunnelStream Client)>();
        for (var i = 0; i < Streams; i++)
            targets.Add(await pair.OpenAsync(deadline));

        var sends = new System.Collections.Concurrent.ConcurrentQueue<(int Thread, int Bytes)>();
        observed.Sending = (thread, length) => sends.Enqueue((thread, length));
        var relay = new RelayingHandler([.. targets.Select(target => target.Server)]);
        await using var received = await ReceiveAsync(relay, bytes);
        foreach (var (_, client) in targets)
            Assert.Equal(bytes, (await client.Input.ReadAtLeastAsync(bytes, deadline)).Buffer.Length);

        var data = sends.Where(send => send.Bytes >= bytes).ToList();
        if (isSentByReader)
            Assert.Equal(relay.Thread, Assert.Single(data).Thread);
    }

    /// <summary>A tunnel whose peer opens all streams and sends on each of them, all in one piece.</summary>
    private static async Task<TunnelConnection> ReceiveAsync(RelayingHandler relay, int bytes)
    {
        var frames = Enumerable.Range(0, Streams).Select(i => (uint)((2 * i) + 1)).ToList();
        byte[] script = [.. Frames.Hello("peer"), .. frames.SelectMany(id => Frames.Open(id)), .. frames.SelectMany(id => Frames.Data(id, bytes))];
        var tunnel = await TunnelConnection.AcceptAsync(
            new ScriptedTransport(script, script.Length), new TunnelHello { Id = "relay" }, _ => null, relay, TunnelOptions.Default, TimeProvider.System,
            NullLogger.Instance, CancellationToken.None);
        tunnel.Start();
        return tunnel;
    }

    private sealed class RelayingHandler(IReadOnlyList<TunnelStream> targets) : ITunnelHandler
    {
        private int _opened;

        /// <summary>The one that handles what was received.</summary>
        public int Thread { get; private set; }

        public void OnOpen(TunnelStream stream, StreamOpen open)
        {
            Thread = Environment.CurrentManagedThreadId;
            stream.Accept();
            _ = PassOnAsync(stream, targets[_opened++]);
        }

        public void OnRegister(TunnelConnection tunnel, Registration registration) => throw new NotSupportedException();

        public void OnDeregister(TunnelConnection tunnel, uint registrationId) => throw new NotSupportedException();

        public void OnGoAway(TunnelConnection tunnel, TunnelError reason, string message) => throw new NotSupportedException();

        private static async Task PassOnAsync(TunnelStream from, TunnelStream to)
        {
            var read = await from.Input.ReadAsync();
            await to.WriteAsync(read.Buffer);
        }
    }
}
