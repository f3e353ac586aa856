using System.Buffers.Binary;
using System.Security.Cryptography;
using Pico.Gossip.Core;
using Pico.Gossip.Sealing;

namespace Pico.Gossip.Network;

/// <summary>
/// Frames on a connection, sealed by a key that both sides' random numbers go into: a recorded connection is worth nothing.
/// <code>
///   caller ─▶ "PGS" 1 · sealed (8) · key hint (32) · callee's tag (64) · random (128)
///   callee ─▶ "PGS" 1 · random (128)
///   then frames both ways: length (32) · sections · seal (128)
/// </code>
/// The nonce is the direction and the number of the frame. The first byte is not the one of TLS, which shares the port.
/// </summary>
internal sealed class SyncStream : IDisposable
{
    private const int RandomSize = 16;
    private const int CallSize = 4 + 1 + 4 + 8 + RandomSize;
    private const int AnswerSize = 4 + RandomSize;
    private const int TagSize = 16;
    private const int NonceSize = 12;

    private readonly Stream _stream;
    private readonly AesGcm? _cipher;
    private readonly bool _isCaller;
    private readonly byte[] _wire = new byte[sizeof(uint) + SyncConversation.MaxFrame + TagSize];
    private ulong _sent;
    private ulong _received;

    private SyncStream(Stream stream, AesGcm? cipher, bool isCaller)
    {
        _stream = stream;
        _cipher = cipher;
        _isCaller = isCaller;
    }

    private static ReadOnlySpan<byte> Magic => "PGS\u0001"u8;

    /// <summary>Bytes that came in and went out as frames.</summary>
    public long BytesReceived { get; private set; }

    public long BytesSent { get; private set; }

    /// <summary>Opens the caller's side. Throws <see cref="InvalidDataException"/> and <see cref="IOException"/>.</summary>
    public static async Task<SyncStream> CallAsync(Stream stream, KeyRing ring, ulong tag, CancellationToken cancellation)
    {
        var call = new byte[CallSize];
        Magic.CopyTo(call);
        if (ring.IsSealing)
        {
            call[4] = 1;
            BinaryPrimitives.WriteUInt32BigEndian(call.AsSpan(5), ring.Hint);
        }

        BinaryPrimitives.WriteUInt64BigEndian(call.AsSpan(9), tag);
        RandomNumberGenerator.Fill(call.AsSpan(CallSize - RandomSize));
        await stream.WriteAsync(call, cancellation);
        var answer = new byte[AnswerSize];
        await stream.ReadExactlyAsync(answer, cancellation);
        if (!answer.AsSpan().StartsWith(Magic))
            throw new InvalidDataException("the other side speaks another protocol");
        var cipher = ring.IsSealing ? Derive(ring.Find(ring.Hint)!, call, answer) : null;
        return new SyncStream(stream, cipher, isCaller: true);
    }

    /// <summary>Opens the callee's side. Gives the reason when the caller is turned away.</summary>
    public static async Task<(SyncStream? Stream, PacketDrop Reason)> AnswerAsync(Stream stream, KeyRing ring, ulong tag, CancellationToken cancellation)
    {
        var call = new byte[CallSize];
        await stream.ReadExactlyAsync(call, cancellation);
        if (!call.AsSpan().StartsWith(Magic) || call[4] > 1)
            return (null, PacketDrop.Malformed);
        var key = ring.Find(BinaryPrimitives.ReadUInt32BigEndian(call.AsSpan(5)));
        if (call[4] == 1 && key is null)
            return (null, PacketDrop.UnknownKey);
        if (call[4] == 0 && ring.IsSealing)
            return (null, PacketDrop.Unsealed);
        if (BinaryPrimitives.ReadUInt64BigEndian(call.AsSpan(9)) != tag)
            return (null, PacketDrop.OtherLife);
        var answer = new byte[AnswerSize];
        Magic.CopyTo(answer);
        RandomNumberGenerator.Fill(answer.AsSpan(AnswerSize - RandomSize));
        await stream.WriteAsync(answer, cancellation);
        return (new SyncStream(stream, call[4] == 1 ? Derive(key!, call, answer) : null, isCaller: false), default);
    }

    /// <summary>Seals and sends a frame.</summary>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation)
    {
        var length = frame.Length + (_cipher is null ? 0 : TagSize);
        BinaryPrimitives.WriteUInt32BigEndian(_wire, (uint)length);
        if (_cipher is null)
            frame.CopyTo(_wire.AsMemory(sizeof(uint)));
        else
            _cipher.Encrypt(Nonce(_isCaller, ++_sent), frame.Span, _wire.AsSpan(sizeof(uint), frame.Length), _wire.AsSpan(sizeof(uint) + frame.Length, TagSize));
        BytesSent += sizeof(uint) + length;
        await _stream.WriteAsync(_wire.AsMemory(0, sizeof(uint) + length), cancellation);
    }

    /// <summary>Receives and opens a frame. Gives its length. Throws <see cref="InvalidDataException"/>, <see cref="IOException"/> and <see cref="CryptographicException"/>.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> frame, CancellationToken cancellation)
    {
        await _stream.ReadExactlyAsync(_wire.AsMemory(0, sizeof(uint)), cancellation);
        var overhead = _cipher is null ? 0 : TagSize;
        var claimed = BinaryPrimitives.ReadUInt32BigEndian(_wire);
        if (claimed > SyncConversation.MaxFrame + overhead || claimed < overhead)
            throw new InvalidDataException($"a frame of {claimed} bytes; at most {SyncConversation.MaxFrame + overhead} are allowed");
        var length = (int)claimed - overhead;
        await _stream.ReadExactlyAsync(_wire.AsMemory(0, (int)claimed), cancellation);
        if (_cipher is null)
            _wire.AsSpan(0, length).CopyTo(frame.Span);
        else
            _cipher.Decrypt(Nonce(!_isCaller, ++_received), _wire.AsSpan(0, length), _wire.AsSpan(length, TagSize), frame.Span[..length]);
        BytesReceived += sizeof(uint) + claimed;
        return length;
    }

    public void Dispose()
    {
        _cipher?.Dispose();
        _stream.Dispose();
    }

    private static AesGcm Derive(GossipKey key, byte[] call, byte[] answer) => KeyRing.Derive(key, [.. call, .. answer], "pico gossip stream 1"u8);

    private static byte[] Nonce(bool fromCaller, ulong number)
    {
        var nonce = new byte[NonceSize];
        nonce[0] = fromCaller ? (byte)1 : (byte)2;
        BinaryPrimitives.WriteUInt64BigEndian(nonce.AsSpan(NonceSize - sizeof(ulong)), number);
        return nonce;
    }
}
