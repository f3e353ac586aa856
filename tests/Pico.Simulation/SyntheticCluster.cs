using System.Globalization;
using System.Text;
using Pico.Gossip;
using Pico.Gossip.Core;
using Pico.Gossip.State;
using Pico.Gossip.Wire;

namespace Pico.Simulation;

/// <summary>Gives a node what a whole cluster would have told it, without running one.</summary>
internal static class SyntheticCluster
{
    private const string Value = "1h:a";

    /// <summary>What a key and its value have on average, in bytes.</summary>
    public static double PayloadBytes => KeyOf(1).Length + Value.Length;

    /// <summary>A key as endpoints have them.</summary>
    public static string KeyOf(int number) => "orders-of-customer-" + number.ToString("D6", CultureInfo.InvariantCulture);

    /// <summary>Makes members of a node that each have so many keys, by the frames of an exchange.</summary>
    public static async Task FillAsync(GossipNode node, int members, int keys, CancellationToken cancellation)
    {
        var frame = new byte[SyncConversation.MaxFrame];
        for (var member = 1; member <= members; member++)
        {
            var life = new NodeLife($"pico-server-7d9c5b8f4-{member:D5}", 1);
            var record = new MemberRecord(life, MemberUpdate.TagOf(life), SimulatedCluster.AddressOf(member), MemberRecord.OwnVersions);
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
