using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Pico.Gossip.Sealing;

/// <summary>The keys that open what comes in, of which the first seals what goes out; each is found by a hint that stands in the clear and tells nothing of the key.</summary>
internal sealed class KeyRing
{
    private readonly (uint Hint, GossipKey Key)[] _keys;

    public KeyRing(IReadOnlyList<GossipKey> keys) => _keys = [.. keys.Select(key => (HintOf(key), key))];

    /// <summary>There is a key, so nothing unsealed is taken.</summary>
    public bool IsSealing => _keys.Length > 0;

    /// <summary>The hint of the key that seals.</summary>
    public uint Hint => _keys[0].Hint;

    public GossipKey? Find(uint hint) => Array.Find(_keys, k => k.Hint == hint).Key;

    /// <summary>Derives a key for one purpose, so that no two senders, and no two connections, ever share a nonce.</summary>
    public static AesGcm Derive(GossipKey key, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> purpose)
    {
        Span<byte> derived = stackalloc byte[GossipKey.Length];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key.Secret, derived, salt, purpose);
        var cipher = new AesGcm(derived, AesGcm.TagByteSizes.MaxSize);
        CryptographicOperations.ZeroMemory(derived);
        return cipher;
    }

    private static uint HintOf(GossipKey key)
    {
        Span<byte> hint = stackalloc byte[sizeof(uint)];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key.Secret, hint, [], "pico gossip hint"u8);
        return BinaryPrimitives.ReadUInt32BigEndian(hint);
    }
}
