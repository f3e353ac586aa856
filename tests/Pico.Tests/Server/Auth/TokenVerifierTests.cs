using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Tokens;
using Pico.Server.Auth;

namespace Pico.Tests.Server.Auth;

public sealed class TokenVerifierTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    // How often tokens may cause files to be read.
    private static readonly TimeSpan Seldom = TimeSpan.FromSeconds(5);

    private DateTimeOffset Now => _time.GetUtcNow();

    public static TheoryData<string> Algorithms => [.. TokenAlgorithm.All];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Verify_EachAlgorithm_IsAcceptedWithItsKey(string algorithm)
    {
        var result = await VerifyAsync(TokenMint.Create(algorithm, Now, new { endpoints = new[] { "orders", "team-a-*" }, maxStreams = 7, rateLimit = 9 }));
        Assert.True(result.IsValid, result.Reason);
        Assert.Equal(Now + TimeSpan.FromHours(1), result.Token.Expires);
        Assert.Equal((7, 9), (result.Token.MaxStreams, result.Token.RateLimit));
        Assert.True(result.Token.Endpoints.Permit("orders"));
        Assert.True(result.Token.Endpoints.Permit("team-a-1"));
        Assert.False(result.Token.Endpoints.Permit("team-b"));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Verify_SignedByAnotherKey_IsRefused(string algorithm)
    {
        SecurityKey other = algorithm[..2] switch
        {
            "HS" => new SymmetricSecurityKey(RandomNumberGenerator.GetBytes(64)),
            "RS" => new RsaSecurityKey(RSA.Create(2048)),
            _ => new ECDsaSecurityKey(ECDsa.Create(TokenMint.Curves[algorithm].ExportParameters(false).Curve)),
        };
        await RefusesAsync(TokenFailure.Signature, TokenMint.Create(algorithm, Now, key: other));
    }

    [Fact]
    public async Task Verify_None_Missing_Truncated_Huge_AreRefused()
    {
        var none = $"{Encode("""{"alg":"none","typ":"JWT"}""")}.{Encode("""{"sub":"x"}""")}.";
        await RefusesAsync(TokenFailure.Algorithm, none);
        await RefusesAsync(TokenFailure.Missing, "");
        await RefusesAsync(TokenFailure.Missing, null);
        var good = TokenMint.Create("RS256", Now);
        await RefusesAsync(TokenFailure.Signature, good[..^20]);
        await RefusesAsync(TokenFailure.Malformed, good[..40]);
        await RefusesAsync(TokenFailure.Malformed, new string('a', 1024 * 1024));
        await RefusesAsync(TokenFailure.Malformed, "a.b.c");
    }

    [Fact]
    public async Task Verify_PublicKeyUsedAsSecret_IsRefused()
    {
        // The classic confusion: a token signed as HS256 with the text of the public RSA key, which is no secret.
        var forged = TokenMint.Create("HS256", Now, key: new SymmetricSecurityKey(Encoding.UTF8.GetBytes(TokenMint.Rsa.ExportSubjectPublicKeyInfoPem())));
        await RefusesAsync(TokenFailure.UnknownKey, forged, new TokenAuthOptions { PublicKey = TokenMint.PublicKeys });
    }

    [Fact]
    public async Task Verify_CurveThatDoesNotFitTheAlgorithm_IsRefused()
    {
        var header = Encode("""{"alg":"ES256","typ":"JWT"}""");
        var payload = Encode("""{"sub":"x"}""");
        var signature = TokenMint.Curves["ES384"].SignData(Encoding.ASCII.GetBytes($"{header}.{payload}"), HashAlgorithmName.SHA256);
        await RefusesAsync(
            TokenFailure.UnknownKey, $"{header}.{payload}.{Base64Url.EncodeToString(signature)}", new TokenAuthOptions { PublicKey = TokenMint.Curves["ES384"].ExportSubjectPublicKeyInfoPem() });
    }

    [Fact]
    public async Task Verify_AlgorithmThatIsNotListed_IsRefused()
    {
        var options = new TokenAuthOptions { Secret = TokenMint.Secret, Algorithms = ["HS512"] };
        await RefusesAsync(TokenFailure.Algorithm, TokenMint.Create("HS256", Now), options);
        Assert.True((await VerifyAsync(TokenMint.Create("HS512", Now), options)).IsValid);
    }

    [Fact]
    public async Task Verify_Times_AreJudgedWithSkew()
    {
        var token = TokenMint.Create("ES256", Now, lifetime: TimeSpan.FromMinutes(1), validAfter: TimeSpan.FromSeconds(10));
        Assert.True((await VerifyAsync(token)).IsValid);
        await RefusesAsync(TokenFailure.NotYetValid, TokenMint.Create("ES256", Now, validAfter: TimeSpan.FromSeconds(31)));
        _time.Advance(TimeSpan.FromSeconds(89));
        Assert.True((await VerifyAsync(token)).IsValid);
        _time.Advance(TimeSpan.FromSeconds(1));
        await RefusesAsync(TokenFailure.Expired, token);
    }

    [Fact]
    public async Task Verify_IssuerAndAudience_AreJudgedWhenAsked()
    {
        var options = new TokenAuthOptions { Secret = TokenMint.Secret, Issuer = "https://issuer", Audience = "pico" };
        Assert.True((await VerifyAsync(TokenMint.Create("HS256", Now, issuer: "https://issuer", audience: "pico"), options)).IsValid);
        await RefusesAsync(TokenFailure.Issuer, TokenMint.Create("HS256", Now, issuer: "https://other", audience: "pico"), options);
        await RefusesAsync(TokenFailure.Issuer, TokenMint.Create("HS256", Now, audience: "pico"), options);
        await RefusesAsync(TokenFailure.Audience, TokenMint.Create("HS256", Now, issuer: "https://issuer", audience: "other"), options);
        await RefusesAsync(TokenFailure.Audience, TokenMint.Create("HS256", Now, issuer: "https://issuer"), options);
    }

    [Fact]
    public async Task Verify_ClaimsOfTheWrongType_AreRefused()
    {
        foreach (var pico in new object[] { "orders", new { endpoints = "orders" }, new { endpoints = new[] { 1 } }, new { endpoints = new[] { "-bad" } }, new { endpoints = new[] { "a*b" } }, new { maxStreams = "7" }, new { rateLimit = -1 } })
            await RefusesAsync(TokenFailure.Malformed, TokenMint.Create("HS256", Now, pico));
    }

    [Fact]
    public async Task Verify_WithoutEndpointsClaim_PermitsAllOrNothing()
    {
        var token = TokenMint.Create("HS256", Now);
        Assert.True((await VerifyAsync(token)).Token!.Endpoints.Permit("anything"));
        var strict = new TokenAuthOptions { Secret = TokenMint.Secret, RequireEndpoints = true };
        Assert.False((await VerifyAsync(token, strict)).Token!.Endpoints.Permit("anything"));
    }

    [Fact]
    public async Task KeyFile_ReadOnDemand_IsStillLookedAtWithTheNextInterval()
    {
        using var folder = new TestFolder();
        var file = folder.File("keys.pem");
        await File.WriteAllTextAsync(file, TokenMint.Rsa.ExportSubjectPublicKeyInfoPem());
        await using var keys = new KeyRing(new TokenAuthOptions { PublicKeyFiles = [file] }, "test.auth", _time, NullLogger.Instance);
        await keys.StartAsync(CancellationToken.None);
        _time.Advance(KeyRing.RefreshInterval / 2);
        Assert.False(await keys.TryRefreshAsync(keys.Version, CancellationToken.None)); // read, and nothing is new
        await File.WriteAllTextAsync(file, TokenMint.PublicKeys);

        _time.Advance(KeyRing.RefreshInterval / 2);

        // Waits for the reading that the timer began; it begins none itself, since that was just now.
        await keys.TryRefreshAsync(keys.Version, CancellationToken.None);
        Assert.NotEmpty(keys.Find("ES256", null));
    }

    [Fact]
    public async Task KeyFiles_AreReadAgainWhenATokenNeedsANewKey()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, TokenMint.Rsa.ExportSubjectPublicKeyInfoPem());
            await using var keys = new KeyRing(new TokenAuthOptions { PublicKeyFiles = [file] }, "test.auth", _time, NullLogger.Instance);
            await keys.StartAsync(CancellationToken.None);
            var verifier = new TokenVerifier(new TokenAuthOptions(), keys, _time);
            var token = TokenMint.Create("ES256", Now);
            _time.Advance(Seldom);
            Assert.Equal(TokenFailure.UnknownKey, (await verifier.VerifyAsync(token, CancellationToken.None)).Failure);
            await File.WriteAllTextAsync(file, TokenMint.PublicKeys);
            // Strangers' tokens cannot make the server read its files all the time.
            Assert.Equal(TokenFailure.UnknownKey, (await verifier.VerifyAsync(token, CancellationToken.None)).Failure);
            _time.Advance(Seldom);
            Assert.True((await verifier.VerifyAsync(token, CancellationToken.None)).IsValid);
            // A file that became unreadable leaves the keys in force.
            await File.WriteAllTextAsync(file, "nonsense");
            _time.Advance(KeyRing.RefreshInterval);
            await keys.TryRefreshAsync(keys.Version, CancellationToken.None);
            Assert.True((await verifier.VerifyAsync(token, CancellationToken.None)).IsValid);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Jwks_ChoosesTheKeyByItsId()
    {
        var second = RSA.Create(2048);
        string Key(RSA rsa, string id)
        {
            var p = rsa.ExportParameters(false);
            return $$"""{"kty":"RSA","use":"sig","kid":"{{id}}","n":"{{Base64Url.EncodeToString(p.Modulus)}}","e":"{{Base64Url.EncodeToString(p.Exponent)}}"}""";
        }

        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, $$"""{"keys":[{{Key(TokenMint.Rsa, "one")}},{{Key(second, "two")}}]}""");
            var options = new TokenAuthOptions { JwksFile = file };
            Assert.True((await VerifyAsync(TokenMint.Create("RS256", Now, keyId: "one"), options)).IsValid);
            Assert.True((await VerifyAsync(TokenMint.Create("RS512", Now, key: new RsaSecurityKey(second), keyId: "two"), options)).IsValid);
            Assert.True((await VerifyAsync(TokenMint.Create("RS512", Now, key: new RsaSecurityKey(second)), options)).IsValid);
            await RefusesAsync(TokenFailure.Signature, TokenMint.Create("RS256", Now, keyId: "two"), options);
            await RefusesAsync(TokenFailure.UnknownKey, TokenMint.Create("RS256", Now, keyId: "three"), options);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("RSA256", "RS256")]
    [InlineData("ec512", "ES512")]
    [InlineData("HS384", "HS384")]
    [InlineData("none", null)]
    public void AlgorithmOption_TakesTheFieldsSpellings(string option, string? algorithm) => Assert.Equal(algorithm, TokenAlgorithm.FromOption(option));

    [Fact]
    public async Task KeyFile_WhoseOnlyKeyIsReplaced_IsReadAgainWhenASignatureDoesNotFit()
    {
        using var folder = new TestFolder();
        var file = folder.Write("secret", TokenMint.Secret);
        await using var keys = new KeyRing(new TokenAuthOptions { SecretFiles = [file] }, "test.auth", _time, NullLogger.Instance);
        await keys.StartAsync(CancellationToken.None);
        var verifier = new TokenVerifier(new TokenAuthOptions(), keys, _time);
        var version = keys.Version;

        var next = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));
        folder.Write("secret", next + "\n");
        _time.Advance(Seldom);

        var token = TokenMint.Create("HS256", Now, key: new SymmetricSecurityKey(Encoding.UTF8.GetBytes(next)));
        Assert.True((await verifier.VerifyAsync(token, CancellationToken.None)).IsValid);
        Assert.NotEqual(version, keys.Version);
    }

    [Theory]
    [InlineData("""{"exp":"tomorrow"}""", "exp")]
    [InlineData("""{"exp":null}""", "exp")]
    [InlineData("""{"exp":1e300}""", "exp")]
    [InlineData("""{"exp":-1}""", "exp")]
    [InlineData("""{"exp":99999999999,"nbf":true}""", "nbf")]
    [InlineData("""{"exp":99999999999,"iat":"x"}""", "iat")]
    [InlineData("""{"exp":99999999999,"iss":1}""", "iss")]
    [InlineData("""{"exp":99999999999,"aud":[1]}""", "aud")]
    [InlineData("""{"exp":99999999999,"sub":{}}""", "sub")]
    [InlineData("""{"exp":99999999999,"jti":1}""", "jti")]
    [InlineData("""{"exp":99999999999,"pico":{"maxStreams":1.5}}""", "pico.maxStreams")]
    [InlineData("""{"exp":99999999999,"pico":{"maxStreams":0}}""", "pico.maxStreams")]
    [InlineData("""{"exp":99999999999,"pico":{"rateLimit":"9"}}""", "pico.rateLimit")]
    [InlineData("""{"exp":99999999999,"pico":{"rateLimit":99999999999}}""", "pico.rateLimit")]
    [InlineData("""{"exp":99999999999,"pico":[]}""", "pico")]
    public async Task Verify_ClaimOfTheWrongType_IsRefusedByName(string payload, string claim)
    {
        var text = $"{Encode("""{"alg":"HS256","typ":"JWT"}""")}.{Encode(payload)}";
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(TokenMint.Secret), Encoding.ASCII.GetBytes(text));
        var result = await VerifyAsync($"{text}.{Base64Url.EncodeToString(signature)}");
        Assert.Equal(TokenFailure.Malformed, result.Failure);
        Assert.Contains($"'{claim}'", result.Reason, StringComparison.Ordinal);
    }

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private async Task RefusesAsync(TokenFailure failure, string? token, TokenAuthOptions? options = null)
    {
        var result = await VerifyAsync(token, options);
        Assert.False(result.IsValid);
        Assert.Equal(failure, result.Failure);
        Assert.NotEmpty(result.Reason);
        if (token is { Length: > 40 })
            Assert.DoesNotContain(token[^40..], result.Reason);
    }

    private async Task<TokenResult> VerifyAsync(string? token, TokenAuthOptions? options = null)
    {
        options ??= new TokenAuthOptions { Secret = TokenMint.Secret, PublicKey = TokenMint.PublicKeys };
        await using var keys = new KeyRing(options, "test.auth", _time, NullLogger.Instance);
        await keys.StartAsync(CancellationToken.None);
        return await new TokenVerifier(options, keys, _time).VerifyAsync(token, CancellationToken.None);
    }
}
