using System.Buffers;

namespace Pico.Server.Proxy.Connections.ProxyProtocol;

/// <summary>Reads the PROXY protocol's header, version 1 or 2 (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt).</summary>
internal static class ProxyHeaderParser
{
    /// <summary>
    /// Reads the header at the beginning of <paramref name="start"/>. <paramref name="length"/> is how many bytes it takes.
    /// </summary>
    public static ProxyHeaderResult Parse(in ReadOnlySequence<byte> start, out ProxyHeader header, out int length)
    {
        header = default;
        length = 0;
        if (start.IsEmpty)
            return ProxyHeaderResult.Incomplete;

        var bounded = start.Slice(0, Math.Min(start.Length, ProxyHeaderV2.MaxLength));
        if (bounded.IsSingleSegment)
            return Parse(bounded.FirstSpan, out header, out length);

        var copy = ArrayPool<byte>.Shared.Rent((int)bounded.Length);
        bounded.CopyTo(copy);
        var result = Parse(copy.AsSpan(0, (int)bounded.Length), out header, out length);
        ArrayPool<byte>.Shared.Return(copy);
        return result;
    }

    /// <inheritdoc cref="Parse(in ReadOnlySequence{byte}, out ProxyHeader, out int)"/>
    public static ProxyHeaderResult Parse(ReadOnlySpan<byte> start, out ProxyHeader header, out int length) =>
        !start.IsEmpty && start[0] == ProxyHeaderV2.Signature[0]
            ? ProxyHeaderV2.Parse(start, out header, out length)
            : ProxyHeaderV1.Parse(start, out header, out length);
}
