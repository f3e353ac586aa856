using Pico.Gossip.State;

namespace Pico.Gossip.Wire;

/// <summary>
/// A section with changes of one life, in the order of their versions. Whoever has everything up to <c>from</c> has everything up to <c>to</c> when it has applied them.
/// <code>
///   tag (64) · flags (8) · to (64) · from (varint) · horizon (varint) · entries
///   entry: version − the version before (varint) · key (length 8, UTF-8) · length of the value + 1 (varint), 0 if the key was removed · value
/// </code>
/// </summary>
internal static class DeltaCodec
{
    /// <summary>The changes are those since the beginning, for somebody who is older than the horizon: what they don't name is gone.</summary>
    public const byte Rebuild = 1;

    /// <summary>The sender has nothing more of this life.</summary>
    public const byte Last = 2;

    private const int HeadSize = PayloadWriter.SectionOverhead + 8 + 1 + 8 + (2 * PayloadWriter.MaxVarInt);
    private const int EntryOverhead = PayloadWriter.MaxVarInt + 1 + 2;

    /// <summary>
    /// Writes as much as there is room for of what changed after a version. Gives the version that was reached, or <paramref name="from"/> when there was no room for anything.
    /// </summary>
    public static long Write(ref PayloadWriter writer, ulong tag, KeyValueLog log, long from, bool rebuild, out bool isLast)
    {
        isLast = false;
        if (writer.Room < HeadSize)
            return from;
        var start = writer.Length;
        writer.Begin(Section.Delta);
        writer.UInt64(tag);
        var flags = writer.Length;
        writer.Byte(0);
        writer.UInt64(0);
        writer.VarInt((ulong)from);
        writer.VarInt((ulong)log.Horizon);
        var reached = from;
        var position = log.PositionAfter(from);
        for (; position < log.Length; position++)
        {
            if (log.IsHole(position))
                continue;
            var key = log.Key(position);
            var value = log.Value(position);
            if (writer.Room < EntryOverhead + key.Length + value.Length)
                break;
            writer.VarInt((ulong)(log.VersionAt(position) - reached));
            writer.Byte((byte)key.Length);
            writer.Bytes(key);
            writer.VarInt(log.IsTombstone(position) ? 0 : (ulong)value.Length + 1);
            writer.Bytes(value);
            reached = log.VersionAt(position);
        }

        isLast = position == log.Length;
        if (isLast)
            reached = log.Version;
        if (reached == from && !isLast)
        {
            writer.Rewind(start);
            return from;
        }

        writer.Patch(flags, (byte)((rebuild ? Rebuild : 0) | (isLast ? Last : 0)));
        writer.Patch(flags + 1, (ulong)reached);
        writer.End();
        return reached;
    }

    /// <summary>Reads what stands before the entries.</summary>
    public static DeltaHead ReadHead(ref PayloadReader reader)
    {
        var tag = reader.UInt64();
        var flags = reader.Byte();
        var to = (long)reader.UInt64();
        var from = reader.VarInt();
        var horizon = reader.VarInt();
        if (to < from || horizon > to && (flags & Last) != 0)
            reader.Fail();
        return new DeltaHead(tag, flags, from, to, horizon);
    }

    /// <summary>Reads the next entry. False at the end, and when the input is malformed.</summary>
    public static bool ReadEntry(ref PayloadReader reader, ref long version, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value, out bool isRemoved)
    {
        key = default;
        value = default;
        isRemoved = false;
        if (!reader.HasMore)
            return false;
        var step = reader.VarInt();
        key = reader.Bytes(reader.Byte());
        var length = reader.VarInt();
        isRemoved = length == 0;
        if (length > GossipNode.MaxValueBytes + 1 || step <= 0 || step > long.MaxValue / 2 || key.IsEmpty)
            reader.Fail();
        else if (!isRemoved)
            value = reader.Bytes((int)length - 1);
        version += step;
        return !reader.IsBad;
    }
}

/// <summary>What stands before the entries of a delta.</summary>
internal readonly record struct DeltaHead(ulong Tag, byte Flags, long From, long To, long Horizon)
{
    public bool IsRebuild => (Flags & DeltaCodec.Rebuild) != 0;

    public bool IsLast => (Flags & DeltaCodec.Last) != 0;
}
