using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Pico.Server.Observing.Tracing;

/// <summary>A trace that begins here and is not recorded. The service is told of it, so that it does not record it either if it goes by its parent.</summary>
/// <param name="TraceId">16 bytes, not all of them zero.</param>
/// <param name="SpanId">8 bytes, not all of them zero.</param>
internal readonly record struct UnrecordedTrace(UInt128 TraceId, ulong SpanId)
{
    /// <summary>One with IDs that no other has.</summary>
    public static UnrecordedTrace Create()
    {
        Span<ulong> random = stackalloc ulong[3];
        Random.Shared.NextBytes(MemoryMarshal.AsBytes(random));
        return new(new UInt128(random[0], random[1] | 1), random[2] | 1);
    }

    /// <summary>Writes the value of <c>traceparent</c> to the first <see cref="TraceParent.Length"/> bytes of <paramref name="target"/>.</summary>
    public void Write(Span<byte> target)
    {
        "00-"u8.CopyTo(target);
        TraceId.TryFormat(target[3..], out _, "x32", CultureInfo.InvariantCulture);
        target[35] = (byte)'-';
        SpanId.TryFormat(target[36..], out _, "x16", CultureInfo.InvariantCulture);
        "-00"u8.CopyTo(target[52..]);
    }

    /// <summary>The same for libraries.</summary>
    public ActivityContext ToContext()
    {
        Span<byte> value = stackalloc byte[TraceParent.Length];
        Write(value);
        return TraceParent.TryParse(value, default, out var context) ? context : throw new UnreachableException();
    }
}
