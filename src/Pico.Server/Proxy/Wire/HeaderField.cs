namespace Pico.Server.Proxy.Wire;

/// <summary>Where one field stands in the bytes of its head. No strings: name and value are slices of those bytes.</summary>
internal readonly struct HeaderField(int nameStart, int nameLength, int valueStart, int valueLength, KnownHeader known)
{
    /// <summary>What the field is to the proxy.</summary>
    public KnownHeader Known { get; } = known;

    /// <summary>The name as it was received.</summary>
    public ReadOnlySpan<byte> Name(ReadOnlySpan<byte> head) => head.Slice(nameStart, nameLength);

    /// <summary>The value without whitespace around it.</summary>
    public ReadOnlySpan<byte> Value(ReadOnlySpan<byte> head) => head.Slice(valueStart, valueLength);

    /// <summary>Where its line begins.</summary>
    public int Start => nameStart;

    /// <summary>Where its line ends, behind the CRLF.</summary>
    public int End(ReadOnlySpan<byte> head)
    {
        // Nearly always the CRLF follows the value at once.
        var end = valueStart + valueLength;
        while (head[end] != '\n')
            end++;
        return end + 1;
    }
}
