using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Pico.Server.Auth;

namespace Pico.Tests.Server.Auth;

/// <summary>What strangers can write where a token should stand: each is refused with a reason, none throws, and none gets in.</summary>
public sealed class TokenFuzzTests(ITestOutputHelper output)
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData("""{"alg":"ES256","kid":["a"]}""", """{"sub":"x"}""")]
    [InlineData("""{"alg":"ES256","kid":{"a":1}}""", """{"sub":"x"}""")]
    [InlineData("""{"alg":"ES256","kid":17}""", """{"sub":"x"}""")]
    [InlineData("""{"alg":"ES256","kid":"../../etc/passwd"}""", """{"sub":"x"}""")]
    [InlineData("""{"alg":["ES256"]}""", """{"sub":"x"}""")]
    [InlineData("""{"alg":null}""", """{"sub":"x"}""")]
    [InlineData("""{"alg":7}""", """{"sub":"x"}""")]
    [InlineData("""{"alg":"ES256","alg":"none"}""", """{"sub":"x"}""")]
    [InlineData("""{"alg":"ES256","crit":["b64"],"b64":false}""", """{"sub":"x"}""")]
    [InlineData("""{"alg":"ES256","zip":"DEF"}""", """{"sub":"x"}""")]
    [InlineData("""{"alg":"ES256","typ":{}}""", """{"sub":"x"}""")]
    [InlineData("""{"alg":"es256"}""", """{"sub":"x"}""")]
    [InlineData("""{"alg":"EC256"}""", """{"sub":"x"}""")]
    [InlineData("[]", """{"sub":"x"}""")]
    [InlineData("null", "null")]
    [InlineData("{}", "{}")]
    [InlineData("""{"alg":"ES256"}""", "[]")]
    [InlineData("""{"alg":"ES256"}""", "7")]
    [InlineData("""{"alg":"ES256"}""", """{"exp":1e400}""")]
    [InlineData("""{"alg":"ES256"}""", """{"exp":-1e400,"nbf":9e99}""")]
    [InlineData("""{"alg":"ES256"}""", """{"exp":"\ud800"}""")]
    [InlineData("""{"alg":"ES256"}""", """{"sub":"x" """)]
    [InlineData("""{"alg":"ES256"} {}""", """{"sub":"x"}{}""")]
    [InlineData("", "")]
    [InlineData("""{"alg":"ES256"}""", """{"\ud800":1}""")]
    [InlineData("""{"alg":"ES256"}""", """{"sub":"\udfff"}""")]
    [InlineData("""{"alg":"\ud800","kid":"\ud800"}""", """{"sub":"x"}""")]
    public async Task Token_ThatIsWrongInForm_IsRefusedWithAReason(string header, string payload) => await RefusesAsync($"{Encode(header)}.{Encode(payload)}.{Encode("signature")}");

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("...")]
    [InlineData("....")]
    [InlineData("a..b")]
    [InlineData(" ")]
    [InlineData("\0.\0.\0")]
    [InlineData("+/==.+/==.+/==")]
    [InlineData("é.é.é")]
    [InlineData("\ud800.\ud800.\ud800")]
    public async Task Text_ThatIsNoToken_IsRefusedWithAReason(string text) => await RefusesAsync(text);

    [Fact]
    public async Task Claims_NestedDeeply_AreRefused()
    {
        foreach (var depth in new[] { 63, 65, 1000, 5000 })
        {
            var nested = $$"""{"sub":{{new string('[', depth)}}{{new string(']', depth)}}}""";
            await RefusesAsync($"{Encode("""{"alg":"ES256"}""")}.{Encode(nested)}.{Encode("s")}");
            await RefusesAsync($"{Encode(nested.Replace("\"sub\"", "\"alg\"", StringComparison.Ordinal))}.{Encode("{}")}.{Encode("s")}");
        }
    }

    [Theory]
    [InlineData("jwk")]
    [InlineData("x5c")]
    [InlineData("jku")]
    public async Task Key_ThatTheTokenBringsAlong_IsNotUsed(string parameter)
    {
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var q = own.ExportParameters(false).Q;
        var value = parameter switch
        {
            "jwk" => $$"""{"kty":"EC","crv":"P-256","x":"{{Base64Url.EncodeToString(q.X)}}","y":"{{Base64Url.EncodeToString(q.Y)}}"}""",
            "x5c" => $"[\"{Convert.ToBase64String(own.ExportSubjectPublicKeyInfo())}\"]",
            _ => "\"http://127.0.0.1:9/keys\"",
        };
        var text = $"{Encode($$"""{"alg":"ES256","{{parameter}}":{{value}}}""")}.{Encode("""{"sub":"x"}""")}";
        await RefusesAsync($"{text}.{Base64Url.EncodeToString(own.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256))}");
    }

    [Fact]
    public async Task Signature_WrittenInAnotherWay_IsNoOtherIdentity()
    {
        // ECDSA: whoever has (r, s) also has (r, n - s); base64url: the last character has bits that mean nothing. Limits per token must not be evaded so.
        var token = TokenMint.Create("ES256", _time.GetUtcNow(), withSubject: false);
        var (text, signature) = (token[..token.LastIndexOf('.')], Base64Url.DecodeFromChars(token.AsSpan(token.LastIndexOf('.') + 1)));
        var order = Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
        var s = new System.Numerics.BigInteger(order, isUnsigned: true, isBigEndian: true) - new System.Numerics.BigInteger(signature.AsSpan(32), isUnsigned: true, isBigEndian: true);
        var other = signature.AsSpan(0, 32).ToArray().Concat(new byte[32]).ToArray();
        var bytes = s.ToByteArray(isUnsigned: true, isBigEndian: true);
        bytes.CopyTo(other, 64 - bytes.Length);

        var first = await VerifyAsync(token);
        var second = await VerifyAsync($"{text}.{Base64Url.EncodeToString(other)}");

        Assert.True(first.IsValid && second.IsValid);
        Assert.Equal(first.Token.Identity, second.Token.Identity);
    }

    [Fact]
    public async Task Token_WithCriticalExtensions_IsRefusedThoughItsSignatureIsGood()
    {
        var text = $"{Encode("""{"alg":"ES256","crit":["exp"],"exp":1}""")}.{Encode("""{"sub":"x"}""")}";
        var signature = TokenMint.Curves["ES256"].SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256);

        var result = await VerifyAsync($"{text}.{Base64Url.EncodeToString(signature)}");

        Assert.Equal(TokenFailure.Malformed, result.Failure);
        Assert.Contains("crit", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_WithBytesChanged_NeverGetsInAndNeverThrows()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        string[] good = [.. new[] { "HS256", "RS256", "ES256" }.Select(a => TokenMint.Create(a, _time.GetUtcNow(), new { endpoints = new[] { "orders" } }))];
        for (var i = 0; i < 600; i++)
        {
            var token = good[i % 3];
            var text = new StringBuilder(token);
            // Not the last character, some of whose bits mean nothing.
            for (var changes = random.Next(1, 4); changes > 0; changes--)
                text[random.Next(token.Length - 1)] = "abcXYZ019-_.=+/ \n\0\u00e9\u2028"[random.Next(20)];
            if (random.Next(5) == 0)
                text.Length = random.Next(text.Length);
            if (text.ToString() != token)
                await RefusesAsync(text.ToString());
        }
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private async Task RefusesAsync(string token)
    {
        var result = await VerifyAsync(token);
        Assert.False(result.IsValid, token);
        Assert.NotEmpty(result.Reason);
    }

    private async Task<TokenResult> VerifyAsync(string token)
    {
        var options = new TokenAuthOptions { Secret = TokenMint.Secret, PublicKey = TokenMint.PublicKeys };
        await using var keys = new KeyRing(options, "test.auth", _time, NullLogger.Instance);
        await keys.StartAsync(CancellationToken.None);
        return await new TokenVerifier(options, keys, _time).VerifyAsync(token, CancellationToken.None);
    }
}
