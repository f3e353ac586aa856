using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Pico.Server.Auth;

/// <summary>
/// Tokens that were verified: who sends the same one with each request causes one check of its signature, and no allocation after it. An entry holds until its token
/// expires or the keys change. Found by the SHA-256 of the token, so that the cache's size is bounded however long tokens are, and no token lies in it.
/// </summary>
internal sealed class TokenCache(TimeSpan clockSkew, TimeProvider time)
{
    /// <summary>A generation that is full becomes the former one, and the one before that is forgotten: what is in use moves along.</summary>
    public const int GenerationSize = 10_000;

    private readonly Lock _turning = new();
    private volatile ConcurrentDictionary<Key, Entry> _present = new();
    private volatile ConcurrentDictionary<Key, Entry> _former = new();
    private int _presentCount;

    /// <summary>Finds a token that is still valid and was verified by the keys of <paramref name="keysVersion"/> (<see cref="KeyRing.Version"/>).</summary>
    public VerifiedToken? Find(ReadOnlySpan<byte> token, int keysVersion)
    {
        var key = Key.Of(token);
        if (!_present.TryGetValue(key, out var entry))
        {
            if (!_former.TryGetValue(key, out entry))
                return null;
            Put(key, entry);
        }

        var isGood = entry.KeysVersion == keysVersion && !(entry.Token.Expires is { } end && time.GetUtcNow() >= end + clockSkew);
        return isGood ? entry.Token : null;
    }

    /// <summary>Keeps what was verified by the keys of <paramref name="keysVersion"/>, read before they were looked up.</summary>
    public void Add(ReadOnlySpan<byte> token, VerifiedToken verified, int keysVersion) => Put(Key.Of(token), new Entry(verified, keysVersion));

    private void Put(in Key key, Entry entry)
    {
        var present = _present;
        if (!present.TryAdd(key, entry))
            present[key] = entry;
        else if (Interlocked.Increment(ref _presentCount) >= GenerationSize)
            Turn(present);
    }

    private void Turn(ConcurrentDictionary<Key, Entry> full)
    {
        lock (_turning)
        {
            if (_present != full)
                return;
            _former = full;
            _present = new();
            Volatile.Write(ref _presentCount, 0);
        }
    }

    /// <summary>A SHA-256.</summary>
    private readonly record struct Key(ulong A, ulong B, ulong C, ulong D)
    {
        public static Key Of(ReadOnlySpan<byte> token)
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(token, hash);
            return MemoryMarshal.Read<Key>(hash);
        }

        public override int GetHashCode() => (int)A;
    }

    private sealed record Entry(VerifiedToken Token, int KeysVersion);
}
