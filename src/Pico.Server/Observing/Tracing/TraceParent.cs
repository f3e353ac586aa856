using System.Diagnostics;
using System.Text;

namespace Pico.Server.Observing.Tracing;

/// <summary>
/// The value of <c>traceparent</c> (W3C Trace Context), of any version that begins as version 00 does:
/// <code>
///   00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
///   version  trace ID                    parent's span ID  flags
/// </code>
/// </summary>
internal static class TraceParent
{
    /// <summary>The header's name.</summary>
    public const string HeaderName = "traceparent";

    /// <summary>The name of the header with what tracing systems add for themselves.</summary>
    public const string StateHeaderName = "tracestate";

    /// <summary>The length of a value of version 00, in bytes.</summary>
    public const int Length = 55;

    private const int TraceIdAt = 3;
    private const int TraceIdLength = 32;
    private const int SpanIdAt = 36;
    private const int SpanIdLength = 16;
    private const int FlagsAt = 53;

    // A list of at most 32 members; systems need not keep more than this (W3C Trace Context 3.3.1.5).
    private const int MaxState = 512;

    /// <summary>True if <paramref name="value"/> can be believed: the right form, lower case, no ID of zeros.</summary>
    public static bool IsValid(ReadOnlySpan<byte> value) =>
        value.Length >= Length
        && IsHex(value[..2]) && !value.StartsWith("ff"u8)
        && (value.Length == Length || (!value.StartsWith("00"u8) && value[Length] == '-'))
        && value[2] == '-' && value[SpanIdAt - 1] == '-' && value[FlagsAt - 1] == '-'
        && IsId(value.Slice(TraceIdAt, TraceIdLength)) && IsId(value.Slice(SpanIdAt, SpanIdLength)) && IsHex(value.Slice(FlagsAt, 2));

    /// <summary>The trace ID in a valid <paramref name="value"/>, as it stands there.</summary>
    public static ReadOnlySpan<byte> TraceId(ReadOnlySpan<byte> value) => value.Slice(TraceIdAt, TraceIdLength);

    /// <summary>Reads a value; false if it is malformed, and then to be ignored. <paramref name="state"/> is that of <c>tracestate</c>, if there is one.</summary>
    public static bool TryParse(ReadOnlySpan<byte> value, ReadOnlySpan<byte> state, out ActivityContext context)
    {
        context = default;
        if (!IsValid(value))
            return false;
        var isSampled = (Digit(value[FlagsAt + 1]) & 1) != 0;
        context = new ActivityContext(
            ActivityTraceId.CreateFromUtf8String(TraceId(value)),
            ActivitySpanId.CreateFromUtf8String(value.Slice(SpanIdAt, SpanIdLength)),
            isSampled ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None,
            state.Length is > 0 and <= MaxState ? Encoding.Latin1.GetString(state) : null,
            isRemote: true);
        return true;
    }

    /// <summary>Writes <paramref name="context"/> to the first <see cref="Length"/> bytes of <paramref name="target"/>.</summary>
    public static void Write(Span<byte> target, in ActivityContext context)
    {
        "00-"u8.CopyTo(target);
        Encoding.ASCII.GetBytes(context.TraceId.ToHexString(), target[TraceIdAt..]);
        target[SpanIdAt - 1] = (byte)'-';
        Encoding.ASCII.GetBytes(context.SpanId.ToHexString(), target[SpanIdAt..]);
        ((context.TraceFlags & ActivityTraceFlags.Recorded) != 0 ? "-01"u8 : "-00"u8).CopyTo(target[(FlagsAt - 1)..]);
    }

    /// <summary>The value as a string.</summary>
    public static string Format(in ActivityContext context)
    {
        Span<byte> value = stackalloc byte[Length];
        Write(value, context);
        return Encoding.ASCII.GetString(value);
    }

    private static bool IsId(ReadOnlySpan<byte> text) => IsHex(text) && text.ContainsAnyExcept((byte)'0');

    private static bool IsHex(ReadOnlySpan<byte> text)
    {
        foreach (var b in text)
        {
            if (b is not ((>= (byte)'0' and <= (byte)'9') or (>= (byte)'a' and <= (byte)'f')))
                return false;
        }

        return true;
    }

    private static int Digit(byte hex) => hex <= '9' ? hex - '0' : hex - 'a' + 10;
}
