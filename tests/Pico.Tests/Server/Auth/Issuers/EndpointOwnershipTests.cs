using Pico.Server.Auth;
using Pico.Server.Auth.Ownership;
using Pico.Server.Hosting;

namespace Pico.Tests.Server.Auth.Issuers;

public sealed class EndpointOwnershipTests
{
    private readonly TestClaims _claims = new();

    [Theory]
    [InlineData("shop", "orders", UnclaimedPolicy.Open, null)] // its own
    [InlineData("shop", "ORDERS", UnclaimedPolicy.Prefix, null)] // a claim needs no prefix
    [InlineData("other", "orders", UnclaimedPolicy.Open, "endpoint orders belongs to namespace shop")]
    [InlineData("other", "free", UnclaimedPolicy.Open, null)]
    [InlineData("shop", "free", UnclaimedPolicy.Prefix, "must begin with 'shop-'")]
    [InlineData("shop", "shop", UnclaimedPolicy.Prefix, null)]
    [InlineData("shop", "shop-web", UnclaimedPolicy.Prefix, null)]
    [InlineData("shop", "shopping", UnclaimedPolicy.Prefix, "must begin with 'shop-'")]
    [InlineData("other", "other-taken", UnclaimedPolicy.Prefix, "belongs to namespace shop")] // a claim counts more than the prefix
    public void ServiceAccount_MayHaveWhatItsNamespaceClaims_AndWhatNobodyClaimsByThePolicy(string @namespace, string endpoint, UnclaimedPolicy policy, string? refusal)
    {
        _claims.Claim("orders", "shop");
        _claims.Claim("other-taken", "shop");
        Judge(Account(@namespace), endpoint, refusal, policy);
    }

    [Theory]
    [InlineData("orders", "orders", null)] // named in full
    [InlineData("ord*", "orders", "belongs to namespace shop")]
    [InlineData("*", "orders", "belongs to namespace shop")]
    [InlineData("free*", "free", null)]
    [InlineData("free*", "else", "does not permit")]
    public void TokenOfAnotherIssuer_MayHaveWhatIsClaimed_OnlyIfItNamesItInFull(string permitted, string endpoint, string? refusal)
    {
        _claims.Claim("orders", "shop");
        Assert.True(EndpointPatterns.TryParse([permitted], out var patterns, out _));
        foreach (var policy in new[] { UnclaimedPolicy.Open, UnclaimedPolicy.Prefix })
            Judge(new VerifiedToken { Identity = "x", Endpoints = patterns }, endpoint, refusal, policy);
    }

    [Fact]
    public void TokenThatPermitsEverything_MayNotHaveWhatIsClaimed()
    {
        _claims.Claim("orders", "shop");
        Judge(new VerifiedToken { Identity = "x", Endpoints = EndpointPatterns.All }, "orders", "belongs to namespace shop");
        Judge(new VerifiedToken { Identity = "x", Endpoints = EndpointPatterns.All }, "free", null);
    }

    [Fact]
    public void Claims_ThatAreNotKnownYet_PermitNothing_ButWhatATokenNamesInFull()
    {
        _claims.IsKnown = false;
        Assert.True(EndpointPatterns.TryParse(["orders"], out var patterns, out _));
        Judge(Account("shop"), "orders", "not known yet");
        Judge(new VerifiedToken { Identity = "x", Endpoints = EndpointPatterns.All }, "orders", "not known yet");
        Judge(new VerifiedToken { Identity = "x", Endpoints = patterns }, "orders", null);
    }

    [Fact]
    public void WithoutClaims_TokensAloneDecide()
    {
        var ownership = new EndpointOwnership(new UpstreamOptions());
        Assert.Null(ownership.Judge(new VerifiedToken { Identity = "x", Endpoints = EndpointPatterns.All }, "orders"));
        Assert.Null(ownership.Judge(VerifiedToken.Anonymous, "orders"));
    }

    private static VerifiedToken Account(string @namespace) => new() { Identity = "x", Endpoints = EndpointPatterns.All, Namespace = @namespace };

    private void Judge(VerifiedToken token, string endpoint, string? refusal, UnclaimedPolicy policy = UnclaimedPolicy.Open)
    {
        var judged = new EndpointOwnership(new UpstreamOptions { Claims = _claims, Unclaimed = policy }).Judge(token, endpoint);
        if (refusal is null)
            Assert.Null(judged);
        else
            Assert.Contains(refusal, judged, StringComparison.Ordinal);
        if (refusal is not null)
            Assert.StartsWith("endpoint_not_permitted: ", judged, StringComparison.Ordinal);
    }
}
