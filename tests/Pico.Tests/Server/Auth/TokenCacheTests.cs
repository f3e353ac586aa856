using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Pico.Server.Auth;

namespace Pico.Tests.Server.Auth;

public sealed class TokenCacheTests
{
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Find_HoldsUntilTheTokenExpires()
    {
        var cache = new TokenCache(Skew, _time);
        var token = Token(_time.GetUtcNow() + TimeSpan.FromMinutes(1));
        cache.Add("a"u8, token, keysVersion: 3);

        Assert.Same(token, cache.Find("a"u8, keysVersion: 3));
        Assert.Null(cache.Find("b"u8, keysVersion: 3));
        _time.Advance(TimeSpan.FromMinutes(1) + Skew - TimeSpan.FromTicks(1));
        Assert.Same(token, cache.Find("a"u8, keysVersion: 3));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Null(cache.Find("a"u8, keysVersion: 3));
    }

    [Fact]
    public void Find_AfterTheKeysChanged_ForgetsWhatTheyVerified()
    {
        var cache = new TokenCache(Skew, _time);
        cache.Add("a"u8, Token(null), keysVersion: 1);

        Assert.Null(cache.Find("a"u8, keysVersion: 2));
        cache.Add("a"u8, Token(null), keysVersion: 2);
        Assert.NotNull(cache.Find("a"u8, keysVersion: 2));
    }

    [Fact]
    public void Add_MoreThanThereIsRoomFor_KeepsWhatIsInUse()
    {
        var cache = new TokenCache(Skew, _time);
        var used = Token(null);
        cache.Add("used"u8, used, 0);
        for (var i = 0; i < TokenCache.GenerationSize * 5; i++)
        {
            cache.Add(Encoding.ASCII.GetBytes($"{i}"), Token(null), 0);
            if (i % 100 == 0)
                Assert.Same(used, cache.Find("used"u8, 0));
        }

        Assert.Null(cache.Find("0"u8, 0));
    }

    [Fact]
    public async Task Gate_FindsWhatItVerified_UntilItsKeysAreReplaced()
    {
        using var folder = new TestFolder();
        var file = folder.Write("secret", TokenMint.Secret);
        await using var gate = new TokenGate(new TokenAuthOptions { SecretFiles = [file] }, "test.auth", _time, NullLogger.Instance);
        await gate.StartAsync(TestContext.Current.CancellationToken);
        var authorization = "Bearer " + TokenMint.Create("HS256", _time.GetUtcNow());

        Assert.Null(gate.Find(Encoding.ASCII.GetBytes(authorization)));
        Assert.True((await gate.VerifyAsync(authorization, TestContext.Current.CancellationToken)).IsValid);
        Assert.NotNull(gate.Find(Encoding.ASCII.GetBytes(authorization)));
        Assert.NotNull(gate.Find(Encoding.ASCII.GetBytes("bearer  " + authorization[7..] + " ")));
        Assert.Null(gate.Find(Encoding.ASCII.GetBytes(authorization[7..])));

        folder.Write("secret", new string('x', 64));
        // The timer looks; whoever comes then waits for the reading to end, since no key fits.
        _time.Advance(KeyRing.RefreshInterval);
        Assert.Equal(TokenFailure.Signature, (await gate.VerifyAsync(authorization[..^10] + "AAAAAAAAAA", TestContext.Current.CancellationToken)).Failure);
        Assert.Null(gate.Find(Encoding.ASCII.GetBytes(authorization)));
        Assert.False((await gate.VerifyAsync(authorization, TestContext.Current.CancellationToken)).IsValid);
    }

    private static VerifiedToken Token(DateTimeOffset? expires) => new() { Identity = "test", Endpoints = EndpointPatterns.All, Expires = expires };
}
