using System.Buffers;

namespace Pico.Server.Observing.AccessLogs;

/// <summary>Takes the values out of a query: <c>a=1&amp;b</c> becomes <c>a=***&amp;***</c>. What has no name may be a secret itself.</summary>
internal static class QueryRedaction
{
    /// <summary>What stands for what is not logged.</summary>
    public static ReadOnlySpan<byte> Mask => "***"u8;

    /// <summary>Writes <paramref name="query"/>, which has no question mark, without its values.</summary>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> query)
    {
        while (!query.IsEmpty)
        {
            var end = query.IndexOfAny((byte)'&', (byte)';');
            var parameter = end < 0 ? query : query[..end];
            var equals = parameter.IndexOf((byte)'=');
            output.Write(parameter[..(equals + 1)]);
            if (!parameter.IsEmpty)
                output.Write(Mask);
            if (end < 0)
                return;
            output.Write(query.Slice(end, 1));
            query = query[(end + 1)..];
        }
    }
}
