using System.Globalization;
using System.Text;
using Pico.Gossip;
using Pico.Gossip.Core;
using Pico.Gossip.State;
using Pico.Gossip.Wire;

namespace Pico.Simulation;

/// <summary>Gives a node what a whole cluster would have told it, without running one. Its members answer when they are asked whether they live.</summary>
internal sealed class SyntheticCluster : IAsyncDisposable
{
    private const string Value = "1:0:0"; // as long as what a node gossips of an endpoint

    /// <summary>What a key and its value have on average, in bytes.</summary>
    public static double PayloadBytes => KeyOf(1).Length + Value.Length;

    /// <summary>A key as endpoints have them.</summary>
    public static string KeyOf(int number) => "orders-of-customer-" + number.ToString("D6", CultureInfo.InvariantCulture);

    private readonly SyntheticMember[] _members;

    /// <summary>Starts so many members.</summary>
    public SyntheticCluster(int members, GossipKey key) =>
        _members = [.. Enumerable.Range(1, members).Select(member => new SyntheticMember(new NodeLife($"pico-server-7d9c5b8f4-{member:D5}", 1), key))];

    /// <summary>Makes them members of a node, which each have so many keys, by the frames of an exchange.</summary>
    public async Task FillAsync(GossipNode node, int keys, CancellationToken cancellation)
    {
        var frame = new byte[SyncConversation.MaxFrame];
        foreach (var record in _members.Select(member => member.Record))
        {
            var log = new KeyValueLog();
            for (var i = 1; i <= keys; i++)
                log.Set(i, Encoding.UTF8.GetBytes(KeyOf(i)), Encoding.UTF8.GetBytes(Value));
            await node.Shell.InputAsync(record, static (shell, record) => shell.Core.HearAlive(record, 0, isFirstHand: true), cancellation);
            for (var (from, isLast) = (0L, false); !isLast;)
            {
                (from, isLast) = Write(frame, record.Tag, log, from);
                await node.Shell.InputAsync(frame, static (shell, frame) => Hear(shell.Core, frame), cancellation);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in _members)
            await member.DisposeAsync();
    }

    private static (long From, bool IsLast) Write(byte[] frame, ulong tag, KeyValueLog log, long from)
    {
        var writer = new PayloadWriter(frame);
        from = DeltaCodec.Write(ref writer, tag, log, from, rebuild: false, out var isLast);
        return (from, isLast);
    }

    private static void Hear(GossipCore core, byte[] frame)
    {
        var reader = new PayloadReader(frame);
        reader.Next(out _, out var body);
        core.HearSyncedDelta(ref body);
    }
}
