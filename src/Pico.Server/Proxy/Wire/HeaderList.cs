using System.Runtime.CompilerServices;

namespace Pico.Server.Proxy.Wire;

/// <summary>What parsing a head, or a part of it, came to.</summary>
internal enum HeadStatus : byte
{
    /// <summary>It is not there completely yet.</summary>
    Incomplete,

    /// <summary>It is good.</summary>
    Complete,

    /// <summary>It breaks RFC 9112.</summary>
    Malformed,

    /// <summary>It has more bytes than allowed, or more than <see cref="HeaderList.MaxFields"/> fields.</summary>
    TooLarge,
}

/// <summary>
/// The fields of one head or trailer section, in their order, as positions in its bytes. Made once per connection and used for every message
/// on it, so that a message allocates nothing.
/// </summary>
internal sealed class HeaderList
{
    /// <summary>The greatest number of fields in a message.</summary>
    public const int MaxFields = 256;

    private const int UsualFields = 32;

    private HeaderField[] _fields = new HeaderField[UsualFields];
    private int _count;

    /// <summary>The fields.</summary>
    public ReadOnlySpan<HeaderField> Fields => _fields.AsSpan(0, _count);

    /// <summary>Forgets the fields.</summary>
    public void Clear()
    {
        _count = 0;
        if (_fields.Length > UsualFields)
            _fields = new HeaderField[UsualFields];
    }

    /// <summary>
    /// Parses the field lines of <paramref name="head"/> from <paramref name="position"/> up to and including the empty line, which must be its end
    /// (RFC 9112 5). Refused are: folded lines, whitespace before the colon or in a name, names that are no tokens, control characters.
    /// The caller has seen (<see cref="HeadScanner"/>) that every LF comes after a CR.
    /// </summary>
    public HeadStatus Parse(ReadOnlySpan<byte> head, int position)
    {
        Clear();
        while (true)
        {
            var rest = head[position..];
            var lineLength = rest.IndexOf((byte)'\n') - 1;
            if (lineLength < 0)
                return HeadStatus.Malformed;
            if (lineLength == 0)
                return rest.Length == 2 ? HeadStatus.Complete : HeadStatus.Malformed;

            var line = rest[..lineLength];
            var colon = line.IndexOf((byte)':');
            if (colon <= 0)
                return HeadStatus.Malformed;

            var start = colon + 1;
            var end = lineLength;
            while (start < end && line[start] is (byte)' ' or (byte)'\t')
                start++;
            while (end > start && line[end - 1] is (byte)' ' or (byte)'\t')
                end--;
            var status = Add(line[..colon], position, line[start..end], position + start);
            if (status != HeadStatus.Complete)
                return status;
            position += lineLength + 2;
        }
    }

    /// <summary>Adds one field, checked: <see cref="HeadStatus.Complete"/> if it was good.</summary>
    public HeadStatus Add(ReadOnlySpan<byte> name, int nameStart, ReadOnlySpan<byte> value, int valueStart)
    {
        if (!HttpChars.IsToken(name) || value.ContainsAny(HttpChars.NotInValue))
            return HeadStatus.Malformed;
        if (_count == _fields.Length && !TryGrow())
            return HeadStatus.TooLarge;

        _fields[_count++] = new HeaderField(nameStart, name.Length, valueStart, value.Length, KnownHeaders.Identify(name));
        return HeadStatus.Complete;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryGrow()
    {
        if (_fields.Length >= MaxFields)
            return false;
        Array.Resize(ref _fields, _fields.Length * 2);
        return true;
    }
}
