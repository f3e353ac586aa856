using System.Security.Cryptography.X509Certificates;
using Pico.Kubernetes.Injecting.Certificates;

namespace Pico.Tests.Kubernetes;

public sealed class CertificateTests
{
    private static readonly string[] Names = ["pico-webhook.pico.svc", "pico-webhook.pico"];
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(90);

    [Fact]
    public void First_IsTrustedUnderItsNames_ByItsAuthority()
    {
        var bundle = Next(null, Start)!;

        Assert.True(IsTrusted(bundle.Certificate, bundle.Authorities, Start));
        using var certificate = X509Certificate2.CreateFromPem(bundle.Certificate, bundle.Key);
        Assert.All(Names, name => Assert.True(certificate.MatchesHostname(name)));
    }

    [Fact]
    public void Certificate_IsRenewedAtTwoThirds_UnderTheSameAuthority()
    {
        var first = Next(null, Start)!;

        Assert.Null(Next(first, Start + (Lifetime * 0.6)));
        var second = Next(first, Start + (Lifetime * 0.7))!;

        Assert.Equal(first.Authorities, second.Authorities);
        Assert.NotEqual(first.Certificate, second.Certificate);
        Assert.True(IsTrusted(second.Certificate, first.Authorities, Start + Lifetime));
    }

    [Fact]
    public void Authority_ThatGrowsOld_IsReplaced_WhileBothAreTrusted()
    {
        var first = Next(null, Start)!;
        var late = Start + TimeSpan.FromDays(3650 * 0.7);
        var leaf = Next(first with { Certificate = "", Key = "" }, Start + TimeSpan.FromDays(1000))!;

        var second = Next(leaf, late)!;

        Assert.StartsWith(second.Authorities[..100], second.Authorities, StringComparison.Ordinal);
        Assert.NotEqual(first.AuthorityKey, second.AuthorityKey);
        Assert.EndsWith(first.Authorities, second.Authorities, StringComparison.Ordinal);
        Assert.True(IsTrusted(second.Certificate, second.Authorities, late));
        Assert.True(IsTrusted(leaf.Certificate, second.Authorities, Start + TimeSpan.FromDays(1001)));
        Assert.Null(Next(second, late + TimeSpan.FromDays(1)));
    }

    [Theory]
    [InlineData("broken")]
    [InlineData("")]
    public void BrokenSecret_IsMadeAnew(string key)
    {
        var first = Next(null, Start)!;

        Assert.NotNull(Next(first with { Key = key }, Start));
        Assert.NotNull(Next(first with { AuthorityKey = key }, Start));
    }

    [Fact]
    public void Secret_ThatIsGone_IsMadeAnew_AndWhatIsServedStaysTrusted()
    {
        var first = Next(null, Start)!;

        var second = CertificateMaker.Next(null, first.Authorities, Names, Start, Lifetime)!;
        var third = CertificateMaker.Next(null, second.Authorities, Names, Start, Lifetime)!;

        Assert.True(IsTrusted(third.Certificate, third.Authorities, Start));
        Assert.True(IsTrusted(first.Certificate, third.Authorities, Start));
        Assert.False(IsTrusted(second.Certificate, first.Authorities, Start));
    }

    [Theory]
    [InlineData("")]
    [InlineData("what somebody wrote")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    public void TrustedAuthorities_ThatAreNone_AreLeftOut(string trusted)
    {
        var bundle = CertificateMaker.Next(null, trusted, Names, Start, Lifetime)!;

        Assert.True(IsTrusted(bundle.Certificate, bundle.Authorities, Start));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    public void Certificate_OfAShortLife_IsGoodWhenItIsMadeAndDueWithinIt(int minutes)
    {
        var lifetime = TimeSpan.FromMinutes(minutes);
        var bundle = CertificateMaker.Next(null, null, Names, Start, lifetime)!;

        Assert.Null(CertificateMaker.Next(bundle, null, Names, Start + (lifetime * 0.5), lifetime));
        Assert.InRange(CertificateMaker.ReplaceAt(bundle) - Start, lifetime * 0.6, lifetime * 0.7);
    }

    [Fact]
    public void Certificate_ThatLacksAName_IsMadeAnew()
    {
        var first = CertificateMaker.Next(null, null, ["old.pico.svc"], Start, Lifetime)!;

        Assert.Equal(first.Authorities, Next(first, Start)!.Authorities);
    }

    private static CertificateBundle? Next(CertificateBundle? current, DateTimeOffset now) => CertificateMaker.Next(current, null, Names, now, Lifetime);

    private static bool IsTrusted(string certificate, string authorities, DateTimeOffset at)
    {
        using var leaf = X509Certificate2.CreateFromPem(certificate);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.ImportFromPem(authorities);
        chain.ChainPolicy.VerificationTime = at.UtcDateTime;
        return chain.Build(leaf);
    }
}
