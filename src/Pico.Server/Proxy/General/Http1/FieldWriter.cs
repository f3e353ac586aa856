using System.Buffers;
using System.Text;
using Pico.Server.Proxy.Wire;

namespace Pico.Server.Proxy.General.Http1;

/// <summary>Writes parts of a head from strings. What could split a head is refused: HTTP/2 carries such values, HTTP/1.1 would read them as lines.</summary>
internal static class FieldWriter
{
    /// <summary>Writes <c>name: value</c>; false if either may not stand in a head.</summary>
    public static bool TryWriteField(this IBufferWriter<byte> output, string name, string value) =>
        output.TryWriteName(name) && output.TryWriteValue(value) && output.EndLine();

    /// <summary>Writes a name with its colon; false if it is no token.</summary>
    public static bool TryWriteName(this IBufferWriter<byte> output, string name)
    {
        var span = output.GetSpan(name.Length + 2);
        var length = Encoding.Latin1.GetBytes(name, span);
        if (!HttpChars.IsToken(span[..length]))
            return false;

        span[length] = (byte)':';
        span[length + 1] = (byte)' ';
        output.Advance(length + 2);
        return true;
    }

    /// <summary>Writes a value; false if it has control characters.</summary>
    public static bool TryWriteValue(this IBufferWriter<byte> output, string value)
    {
        var span = output.GetSpan(value.Length);
        var length = Encoding.Latin1.GetBytes(value, span);
        output.Advance(length);
        return !span[..length].ContainsAny(HttpChars.NotInValue);
    }

    /// <summary>Ends a line; gives true, to be chained.</summary>
    public static bool EndLine(this IBufferWriter<byte> output)
    {
        output.Write("\r\n"u8);
        return true;
    }
}
