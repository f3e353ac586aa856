using System.Security.Cryptography;

namespace Pico.Gossip;

/// <summary>A secret that all nodes of a cluster share: 32 bytes, for AES-256-GCM.</summary>
public sealed class GossipKey
{
    /// <summary>Length of a key in bytes.</summary>
    public const int Length = 32;

    private readonly byte[] _secret;

    /// <summary>Takes the bytes of a key. Throws <see cref="ArgumentException"/> unless there are <see cref="Length"/> of them.</summary>
    public GossipKey(ReadOnlySpan<byte> secret)
    {
        if (secret.Length != Length)
            throw new ArgumentException($"A gossip key has {Length} bytes, not {secret.Length}.", nameof(secret));
        _secret = secret.ToArray();
    }

    internal ReadOnlySpan<byte> Secret => _secret;

    /// <summary>Reads a key as <c>openssl rand -base64 32</c> writes it. False unless it is base64 of <see cref="Length"/> bytes.</summary>
    public static bool TryParse(string text, out GossipKey? key)
    {
        ArgumentNullException.ThrowIfNull(text);
        key = null;
        Span<byte> secret = stackalloc byte[Length + 1];
        if (!Convert.TryFromBase64String(text.Trim(), secret, out var length) || length != Length)
            return false;
        key = new GossipKey(secret[..Length]);
        CryptographicOperations.ZeroMemory(secret);
        return true;
    }

    /// <summary>Makes a new random key.</summary>
    public static GossipKey Create()
    {
        Span<byte> secret = stackalloc byte[Length];
        RandomNumberGenerator.Fill(secret);
        return new GossipKey(secret);
    }

    /// <summary>Says nothing of the secret.</summary>
    public override string ToString() => "GossipKey";
}
