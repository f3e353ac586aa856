using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Proxy.Routing;

/// <summary>An endpoint ID as the client wrote it (either case), kept in place, so that finding it makes no string.</summary>
internal struct EndpointName
{
    private Chars _chars;
    private byte _length;

    /// <summary>True until one of the setters succeeded.</summary>
    public readonly bool IsEmpty => _length == 0;

    /// <summary>The endpoint ID in either case; empty if none was set.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<char> Span => ((ReadOnlySpan<char>)_chars)[.._length];

    /// <summary>Forgets the name.</summary>
    public void Clear() => _length = 0;

    /// <summary>Takes <paramref name="text"/> if it is an endpoint ID.</summary>
    public bool TrySet(ReadOnlySpan<char> text)
    {
        if (!EndpointId.IsValid(text))
            return false;

        text.CopyTo(_chars);
        _length = (byte)text.Length;
        return true;
    }

    /// <inheritdoc cref="TrySet(ReadOnlySpan{char})"/>
    public bool TrySet(ReadOnlySpan<byte> text)
    {
        Span<char> chars = stackalloc char[EndpointId.MaxLength];
        return text.Length <= chars.Length
            && Ascii.ToUtf16(text, chars, out var written) == System.Buffers.OperationStatus.Done
            && TrySet(chars[..written]);
    }

    [InlineArray(EndpointId.MaxLength)]
    private struct Chars
    {
        private char _first;
    }
}
