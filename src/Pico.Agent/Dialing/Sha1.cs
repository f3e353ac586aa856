using System.Buffers.Binary;
using System.Numerics;

namespace Pico.Agent.Dialing;

/// <summary>
/// SHA-1 (FIPS 180-4 section 6.1) for the one thing that the WebSocket upgrade asks of it, where nothing secret depends on it. The framework's loads
/// OpenSSL: 3.7 MB of memory in an idle agent whose server is reached without TLS (measured).
/// </summary>
internal static class Sha1
{
    private const int BlockSize = 64;

    /// <summary>The 20 bytes of the digest.</summary>
    public static byte[] Hash(ReadOnlySpan<byte> data)
    {
        // The message, a one bit, zeros, and the message's length in bits fill whole blocks.
        var padded = new byte[(data.Length + 1 + sizeof(long) + BlockSize - 1) / BlockSize * BlockSize];
        data.CopyTo(padded);
        padded[data.Length] = 0x80;
        BinaryPrimitives.WriteInt64BigEndian(padded.AsSpan(padded.Length - sizeof(long)), data.Length * 8L);

        Span<uint> state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0];
        for (var i = 0; i < padded.Length; i += BlockSize)
            AddBlock(state, padded.AsSpan(i, BlockSize));

        var digest = new byte[state.Length * sizeof(uint)];
        for (var i = 0; i < state.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(digest.AsSpan(i * sizeof(uint)), state[i]);
        return digest;
    }

    private static void AddBlock(Span<uint> state, ReadOnlySpan<byte> block)
    {
        Span<uint> words = stackalloc uint[80];
        for (var t = 0; t < 16; t++)
            words[t] = BinaryPrimitives.ReadUInt32BigEndian(block[(t * sizeof(uint))..]);
        for (var t = 16; t < words.Length; t++)
            words[t] = BitOperations.RotateLeft(words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16], 1);

        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4]);
        for (var t = 0; t < words.Length; t++)
        {
            var (f, k) = (t / 20) switch
            {
                0 => ((b & c) ^ (~b & d), 0x5A827999u),
                1 => (b ^ c ^ d, 0x6ED9EBA1u),
                2 => ((b & c) ^ (b & d) ^ (c & d), 0x8F1BBCDCu),
                _ => (b ^ c ^ d, 0xCA62C1D6u),
            };
            (a, b, c, d, e) = (BitOperations.RotateLeft(a, 5) + f + e + k + words[t], a, BitOperations.RotateLeft(b, 30), c, d);
        }

        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
    }
}
