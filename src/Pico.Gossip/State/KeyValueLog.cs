using System.Runtime.CompilerServices;

namespace Pico.Gossip.State;

/// <summary>
/// The keys and values of one life, in order of their versions. Each change has a version of its own, greater than all before it; what was changed since a version is
/// therefore the tail of the log. A removed key stays as a tombstone until <see cref="DropTombstones"/>.
/// <code>
///   entries  16 bytes each, by version:   [v3 orders=1] [v7 billing gone] [v8 users=2] …      a superseded entry is a hole until the next compaction
///   bytes    keys and values, one after the other
///   index    hash of the key → position in entries, open addressing
/// </code>
/// About 30 bytes per key besides the key and its value. Not thread-safe.
/// </summary>
internal sealed class KeyValueLog
{
    private const byte Tombstone = 1;
    private const byte Hole = 2;

    private Entry[] _entries = [];
    private byte[] _bytes = [];
    private int[] _index = []; // position + 1; 0 is free
    private int _length; // entries in use, holes included
    private int _bytesLength;
    private int _holes;
    private int _garbage; // bytes of holes

    /// <summary>The version of the last change.</summary>
    public long Version { get; private set; }

    /// <summary>Tombstones up to this version are gone: whoever is older cannot be brought up to date by changes alone.</summary>
    public long Horizon { get; private set; }

    /// <summary>Keys that have a value.</summary>
    public int Count => _length - _holes - Tombstones;

    /// <summary>Keys that were removed and are remembered.</summary>
    public int Tombstones { get; private set; }

    /// <summary>Live keys, tombstones and holes: positions go from 0 to this.</summary>
    public int Length => _length;

    /// <summary>Bytes of keys and values, holes left out.</summary>
    public int PayloadBytes => _bytesLength - _garbage;

    /// <summary>The memory that the log holds on to, in bytes.</summary>
    public long AllocatedBytes => ((long)_entries.Length * Unsafe.SizeOf<Entry>()) + _bytes.Length + ((long)_index.Length * sizeof(int));

    /// <summary>Gives the value of a key; valid until the next change.</summary>
    public bool TryGet(ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        var position = Find(key);
        if (position < 0 || _entries[position].Flags != 0)
        {
            value = default;
            return false;
        }

        value = Value(position);
        return true;
    }

    /// <summary>Puts a value under a key. The version is greater than <see cref="Version"/>.</summary>
    public void Set(long version, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Append(version, key, value, 0);

    /// <summary>Removes a key and remembers that. The version is greater than <see cref="Version"/>. The key needs not be known.</summary>
    public void Remove(long version, ReadOnlySpan<byte> key) => Append(version, key, [], Tombstone);

    /// <summary>Nothing else changed up to a version.</summary>
    public void AdvanceTo(long version) => Version = Math.Max(Version, version);

    /// <summary>Forgets tombstones up to a version, which the log has reached.</summary>
    public void DropTombstones(long horizon)
    {
        if (horizon <= Horizon)
            return;
        Horizon = horizon;
        for (var i = 0; i < _length && _entries[i].Version <= horizon; i++)
        {
            if (_entries[i].Flags == Tombstone)
            {
                MakeHole(i);
                Tombstones--;
            }
        }

        Compact(); // also takes the keys out of the index
    }

    /// <summary>The position of the first entry after a version; <see cref="Length"/> if there is none.</summary>
    public int PositionAfter(long version)
    {
        var low = 0;
        var high = _length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_entries[middle].Version <= version)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>The position is one that has been superseded.</summary>
    public bool IsHole(int position) => _entries[position].Flags == Hole;

    /// <summary>There is a tombstone with a version up to this one.</summary>
    public bool HasTombstone(long upTo)
    {
        for (var i = 0; Tombstones > 0 && i < _length && _entries[i].Version <= upTo; i++)
        {
            if (_entries[i].Flags == Tombstone)
                return true;
        }

        return false;
    }

    /// <summary>The position is one of a key that has a value.</summary>
    public bool IsLive(int position) => _entries[position].Flags == 0;

    /// <summary>The position is one of a removed key.</summary>
    public bool IsTombstone(int position) => _entries[position].Flags == Tombstone;

    public long VersionAt(int position) => _entries[position].Version;

    public ReadOnlySpan<byte> Key(int position) => _bytes.AsSpan(_entries[position].Offset, _entries[position].KeyLength);

    public ReadOnlySpan<byte> Value(int position)
    {
        ref readonly var entry = ref _entries[position];
        return _bytes.AsSpan(entry.Offset + entry.KeyLength, entry.ValueLength);
    }

    /// <summary>Whether the key has a value that nobody has superseded.</summary>
    public bool Contains(ReadOnlySpan<byte> key) => Find(key) is >= 0 and var position && _entries[position].Flags == 0;

    private void Append(long version, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, byte flags)
    {
        var slot = FindSlot(key);
        if (slot >= 0 && _index[slot] != 0)
            Supersede(_index[slot] - 1);

        if (_length == _entries.Length || _bytesLength + key.Length + value.Length > _bytes.Length || _length >= _index.Length * 3 / 4)
        {
            MakeRoom(key.Length + value.Length);
            slot = -1;
        }

        key.CopyTo(_bytes.AsSpan(_bytesLength));
        value.CopyTo(_bytes.AsSpan(_bytesLength + key.Length));
        _entries[_length] = new Entry(version, _bytesLength, (ushort)value.Length, (byte)key.Length, flags);
        _bytesLength += key.Length + value.Length;
        if (flags == Tombstone)
            Tombstones++;
        _length++;
        if (slot < 0)
            slot = FindSlot(key);
        _index[slot] = _length;
        Version = version;
    }

    private void Supersede(int position)
    {
        if (_entries[position].Flags == Tombstone)
            Tombstones--;
        MakeHole(position);
    }

    private void MakeHole(int position)
    {
        ref var entry = ref _entries[position];
        _garbage += entry.KeyLength + entry.ValueLength;
        _holes++;
        entry = entry with { Flags = Hole };
    }

    private int Find(ReadOnlySpan<byte> key) => FindSlot(key) is >= 0 and var slot ? _index[slot] - 1 : -1;

    /// <summary>Where the key stands in the index, or where it would; −1 while there is no index.</summary>
    private int FindSlot(ReadOnlySpan<byte> key)
    {
        if (_index.Length == 0)
            return -1;
        for (var slot = (int)(Hash(key) % (uint)_index.Length); ; slot = slot + 1 == _index.Length ? 0 : slot + 1)
        {
            // A key's superseded entry keeps its slot until the new entry takes it.
            if (_index[slot] == 0 || Key(_index[slot] - 1).SequenceEqual(key))
                return slot;
        }
    }

    /// <summary>Compacts, and grows where that is not enough: by half, so that at most a third lies unused.</summary>
    private void MakeRoom(int bytes)
    {
        if (_holes > _length / 4 || _garbage > _bytesLength / 4)
            Compact();
        if (_length >= _entries.Length)
            Array.Resize(ref _entries, Math.Max(4, _length + (_length / 2)));
        if (_bytesLength + bytes > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(64, _bytesLength + bytes + (_bytesLength / 3)));
        if (_length >= _index.Length * 3 / 4)
            Reindex(Math.Max(8, _length * 2));
    }

    /// <summary>Takes the holes out of entries, bytes and index.</summary>
    private void Compact()
    {
        if (_holes == 0)
            return;
        var to = 0;
        var bytes = 0;
        for (var from = 0; from < _length; from++)
        {
            var entry = _entries[from];
            if (entry.Flags == Hole)
                continue;
            var size = entry.KeyLength + entry.ValueLength;
            _bytes.AsSpan(entry.Offset, size).CopyTo(_bytes.AsSpan(bytes));
            _entries[to++] = entry with { Offset = bytes };
            bytes += size;
        }

        _length = to;
        _bytesLength = bytes;
        _holes = 0;
        _garbage = 0;
        Shrink();
        Reindex(Math.Max(8, Math.Min(_index.Length, _length * 2)));
    }

    private void Shrink()
    {
        if (_entries.Length > 16 && _length < _entries.Length / 4)
            Array.Resize(ref _entries, Math.Max(4, _length * 2));
        if (_bytes.Length > 256 && _bytesLength < _bytes.Length / 4)
            Array.Resize(ref _bytes, Math.Max(64, _bytesLength * 2));
    }

    private void Reindex(int size)
    {
        if (_index.Length == size)
            Array.Clear(_index);
        else
            _index = new int[size];
        for (var position = 0; position < _length; position++)
        {
            if (_entries[position].Flags == Hole)
                continue;
            var slot = FindSlot(Key(position));
            _index[slot] = position + 1;
        }
    }

    // Seeded at random per process: keys are chosen by users.
    private static uint Hash(ReadOnlySpan<byte> key)
    {
        var hash = new HashCode();
        hash.AddBytes(key);
        return (uint)hash.ToHashCode();
    }

    private readonly record struct Entry(long Version, int Offset, ushort ValueLength, byte KeyLength, byte Flags);
}
