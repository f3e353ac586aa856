using Microsoft.Extensions.Time.Testing;
using Pico.Server.Auth;
using Pico.Server.Auth.Inspecting;

namespace Pico.Tests.Server.Auth;

public sealed class TokenInspectorTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ExpiredToken_IsGoodBySignature_AndTellsWhatItPermitted()
    {
        var token = TokenMint.Create("ES256", _time.GetUtcNow(), new { endpoints = new[] { "orders" } }, lifetime: TimeSpan.FromMinutes(1));
        _time.Advance(TimeSpan.FromHours(1));

        var report = await InspectAsync(token, TokenMint.PublicKeys);

        Assert.Contains("expired", Assert.Single(report.Problems), StringComparison.Ordinal);
        Assert.NotNull(report.VerifiedBy);
        Assert.Equal("orders", report.Permits);
        Assert.Equal(new DateTime(2030, 1, 1, 0, 1, 0, DateTimeKind.Utc), report.Expires);
    }

    [Fact]
    public async Task AlteredToken_FailsBySignatureAlone()
    {
        var token = TokenMint.Create("RS256", _time.GetUtcNow(), new { endpoints = new[] { "orders" } });
        var parts = token.Split('.');
        var altered = $"{parts[0]}.{TokenMint.Create("RS256", _time.GetUtcNow(), new { endpoints = new[] { "*" } }).Split('.')[1]}.{parts[2]}";

        var report = await InspectAsync(altered, TokenMint.PublicKeys);

        Assert.Contains("signature", Assert.Single(report.Problems), StringComparison.Ordinal);
        Assert.Null(report.VerifiedBy);
    }

    [Fact]
    public async Task TokenWithTextThatNoStringHolds_IsExplained()
    {
        var report = await InspectAsync($"{Encode("""{"alg":"ES256"}""")}.{Encode("""{"\ud800":1,"pico":{"endpoints":["\ud800"]}}""")}.{Encode("s")}");

        Assert.Contains("Unicode", Assert.Single(report.Problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"alg":"none"}""", """{"sub":"x"}""", "algorithm")]
    [InlineData("""{"alg":"ES256"}""", """{"pico":{"endpoints":"orders"}}""", "pico.endpoints")]
    [InlineData("""{"alg":"ES256"}""", """{"pico":{"maxStreams":-1}}""", "pico.maxStreams")]
    public async Task TokenThatIsWrongInForm_IsExplainedWithoutAKey(string header, string claims, string expected)
    {
        var report = await InspectAsync($"{Encode(header)}.{Encode(claims)}.{Encode("signature")}");

        Assert.Contains(expected, string.Join('\n', report.Problems), StringComparison.Ordinal);
        Assert.False(report.SignatureChecked);
    }

    [Fact]
    public async Task ValuesOfOtherClaims_AreNotShown()
    {
        var report = await InspectAsync($"{Encode("""{"alg":"ES256"}""")}.{Encode("""{"sub":"x","session":"hidden-value"}""")}.{Encode("s")}");

        Assert.Equal(["session"], report.OtherClaims);
        Assert.DoesNotContain("hidden-value", System.Text.Json.JsonSerializer.Serialize(report, TokenReportJson.Default.TokenReport), StringComparison.Ordinal);
    }

    private static string Encode(string text) => System.Buffers.Text.Base64Url.EncodeToString(System.Text.Encoding.UTF8.GetBytes(text));

    private async Task<TokenReport> InspectAsync(string token, string? keys = null)
    {
        List<InspectionKey> files = [];
        if (keys is not null)
        {
            await File.WriteAllTextAsync(_folder.File("keys"), keys, TestContext.Current.CancellationToken);
            files.Add(await InspectionKey.ReadAsync(_folder.File("keys"), TestContext.Current.CancellationToken));
        }

        return await TokenInspector.InspectAsync(token, new TokenAuthOptions(), files, _time, TestContext.Current.CancellationToken);
    }
}
