using System.Text;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Agent.Dialing;

/// <summary>The head of a response to a request that turns the connection into something else.</summary>
/// <param name="Status">The three digits of the status.</param>
/// <param name="Lines">The head's lines, the status line first.</param>
internal readonly record struct AnswerHead(string Status, string[] Lines)
{
    private const int MaxLength = 16 * 1024;

    /// <summary>
    /// Reads byte by byte, so that nothing of what follows the head is taken from the stream. Throws <see cref="TunnelException"/>, whose message names
    /// <paramref name="who"/>, when what comes is no head of HTTP/1.
    /// </summary>
    public static async Task<AnswerHead> ReadAsync(Stream stream, string who, CancellationToken cancellationToken)
    {
        var head = new byte[MaxLength];
        for (var length = 0; length < head.Length;)
        {
            if (await stream.ReadAsync(head.AsMemory(length, 1), cancellationToken).ConfigureAwait(false) == 0)
                throw new TunnelException(TunnelError.TransportLost, length == 0 ? $"{who} closed the connection without an answer" : $"{who} closed the connection within its answer");
            length++;
            if (head.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
                return Parse(Encoding.ASCII.GetString(head, 0, length), who);
        }

        throw new TunnelException(TunnelError.ProtocolError, $"the answer of {who} has a head of more than {MaxLength} bytes");
    }

    /// <summary>The value of a header; null if there is none.</summary>
    public string? Header(string name)
    {
        foreach (var line in Lines.AsSpan(1))
        {
            if (line.Length > name.Length && line[name.Length] == ':' && line.StartsWith(name, StringComparison.OrdinalIgnoreCase))
                return line[(name.Length + 1)..].Trim();
        }

        return null;
    }

    private static AnswerHead Parse(string head, string who)
    {
        var lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var parts = lines.Length == 0 ? [] : lines[0].Split(' ', 3);
        return parts.Length >= 2 && parts[0].StartsWith("HTTP/1.", StringComparison.Ordinal) && parts[1].Length == 3
            ? new AnswerHead(parts[1], lines)
            : throw new TunnelException(TunnelError.ProtocolError, $"{who} does not speak HTTP");
    }
}
