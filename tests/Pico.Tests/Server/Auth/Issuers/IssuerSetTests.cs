using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Pico.Server.Auth;
using Pico.Server.Auth.Issuers;
using Pico.Tests.Agent;

namespace Pico.Tests.Server.Auth.Issuers;

public sealed class IssuerSetTests : IDisposable
{
    // More than the time within which keys are fetched once at the most.
    private static readonly TimeSpan Seldom = TimeSpan.FromSeconds(11);

    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
    private readonly TestFolder _folder = new();
    private readonly RecordingLogger _log = new();
    private readonly Accounts _home = new("key-1");
    private readonly Accounts _abroad = new("key-1"); // the same iss, and even the same name of its key

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private DateTimeOffset Now => _time.GetUtcNow();

    public void Dispose()
    {
        _folder.Dispose();
        _log.Dispose();
    }

    [Fact]
    public async Task Issuers_OfTheSameName_AreToldApartByTheKeyThatVerifies()
    {
        await using var issuers = await StartAsync(Local(), Abroad(new() { ["shop"] = ["orders", "shop-*"] }));

        var here = (await issuers.VerifyAsync(_home.Token(Now, "shop"), Cancel)).Token!;
        var there = (await issuers.VerifyAsync(_abroad.Token(Now, "shop"), Cancel)).Token!;

        Assert.Equal(("shop", true), (here.Namespace, here.Endpoints.Permit("anything")));
        Assert.Equal(("", true, true, false), (there.Namespace, there.Endpoints.Permit("ORDERS"), there.Endpoints.Permit("shop-web"), there.Endpoints.Permit("anything")));
        Assert.NotEqual(here.Identity, there.Identity);
    }

    [Fact]
    public async Task ServiceAccount_OfANamespaceThatNoRuleNames_MayNothing_UnlessAllAreNamed()
    {
        await using var some = await StartAsync(Abroad(new() { ["shop"] = ["orders"] }));
        await using var all = await StartAsync(Abroad(new() { ["shop"] = ["orders"], ["*"] = ["eu-*"] }));

        var token = _abroad.Token(Now, "other");
        Assert.False((await some.VerifyAsync(token, Cancel)).Token!.Endpoints.Permit("orders"));
        Assert.True((await all.VerifyAsync(token, Cancel)).Token!.Endpoints.Permit("eu-x"));
        Assert.False((await all.VerifyAsync(token, Cancel)).Token!.Endpoints.Permit("orders"));
    }

    [Fact]
    public async Task Token_ForAnotherAudience_IsRefusedByName()
    {
        await using var issuers = await StartAsync(Local(), Abroad(new() { ["shop"] = ["orders"] }));

        var refused = await issuers.VerifyAsync(_home.Token(Now, "shop", "https://kubernetes.default.svc"), Cancel);

        Assert.Equal(TokenFailure.Audience, refused.Failure);
        Assert.Contains("'pico'", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_OfNoServiceAccount_IsRefused_WhoeverSignedIt()
    {
        await using var issuers = await StartAsync(Local());

        Assert.Equal(TokenFailure.Malformed, (await issuers.VerifyAsync(_home.Token(Now, null), Cancel)).Failure);
        Assert.Equal(TokenFailure.Signature, (await issuers.VerifyAsync(_abroad.Token(Now, "shop"), Cancel)).Failure);
    }

    [Fact]
    public async Task KeysOfThePort_AreOneIssuerMore()
    {
        await using var issuers = await StartAsync(new TokenAuthOptions { Secret = TokenMint.Secret }, null, Local());

        Assert.Equal("shop", (await issuers.VerifyAsync(_home.Token(Now, "shop"), Cancel)).Token!.Namespace);
        Assert.Equal("", (await issuers.VerifyAsync(TokenMint.Create("HS256", Now), Cancel)).Token!.Namespace);
    }

    [Fact]
    public async Task KeysOfTheCluster_ThatWereExchanged_AreFetchedForTheFirstTokenByThem_AndStayWhileTheClusterIsAway()
    {
        var next = new Accounts("key-2");
        var (set, fetched) = (_home.Jwks, 0);
        await using var issuers = await StartAsync(new TokenAuthOptions(), _ => { fetched++; return set is null ? throw new IOException("away") : Task.FromResult(set); }, Platform());
        Assert.True((await issuers.VerifyAsync(_home.Token(Now, "shop"), Cancel)).IsValid);

        set = Accounts.Set(_home.Key, next.Key);
        _time.Advance(Seldom);
        Assert.True((await issuers.VerifyAsync(next.Token(Now, "shop"), Cancel)).IsValid);
        Assert.True((await issuers.VerifyAsync(_home.Token(Now, "shop"), Cancel)).IsValid);

        set = null;
        _time.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(TokenFailure.UnknownKey, (await issuers.VerifyAsync(new Accounts("key-3").Token(Now, "shop"), Cancel)).Failure);
        Assert.True((await issuers.VerifyAsync(next.Token(Now, "shop"), Cancel)).IsValid);
        Assert.True(fetched > 2);
    }

    [Fact]
    public async Task UnknownKeys_InAFlood_CauseOneFetchInTenSeconds()
    {
        var fetched = 0;
        await using var issuers = await StartAsync(new TokenAuthOptions(), _ => { fetched++; return Task.FromResult(_home.Jwks); }, Platform());
        _time.Advance(Seldom);
        Assert.Equal(1, fetched);

        for (var i = 0; i < 20; i++)
            Assert.Equal(TokenFailure.UnknownKey, (await issuers.VerifyAsync(new Accounts($"x-{i}").Token(Now, "shop"), Cancel)).Failure);

        Assert.Equal(2, fetched);
    }

    [Fact]
    public async Task Cluster_ThatIsAwayAtTheStart_IsAskedAgainForTheFirstToken()
    {
        var isAway = true;
        await using var issuers = await StartAsync(new TokenAuthOptions(), _ => isAway ? throw new IOException("away") : Task.FromResult(_home.Jwks), Platform());
        Assert.Equal(TokenFailure.UnknownKey, (await issuers.VerifyAsync(_home.Token(Now, "shop"), Cancel)).Failure);
        isAway = false;
        _time.Advance(Seldom);

        Assert.True((await issuers.VerifyAsync(_home.Token(Now, "shop"), Cancel)).IsValid);
    }

    [Fact]
    public async Task Issuer_WhoseKeysHang_HoldsUpNobodyElse()
    {
        var (hanging, calls) = (new TaskCompletionSource<string>(), 0);
        var set = new Accounts("old").Jwks;
        await using var web = await ServeAsync(() => set);
        var abroad = new IssuerOptions { Name = "eu", Namespaces = new Dictionary<string, IReadOnlyList<string>> { ["shop"] = ["orders"] } };
        abroad.Tokens.JwksUrl = web.Urls.First() + "/keys";
        await using var issuers = await StartAsync(new TokenAuthOptions(), _ => calls++ == 0 ? Task.FromResult(_home.Jwks) : hanging.Task, Platform(), abroad);
        set = _abroad.Jwks;
        _time.Advance(Seldom); // not yet the time at which either is fetched without a reason

        Assert.True((await issuers.VerifyAsync(_abroad.Token(Now, "shop"), Cancel)).IsValid);
        Assert.Equal(2, calls);
        hanging.SetResult(_home.Jwks);
    }

    [Fact]
    public async Task JwksUrl_IsFetchedAtTheStart_AndAgainForAnUnknownKey()
    {
        var (next, set) = (new Accounts("key-2"), _home.Jwks);
        await using var web = await ServeAsync(() => set);
        await using var issuers = await StartAsync(new TokenAuthOptions { JwksUrl = web.Urls.First() + "/keys" }, null);
        Assert.True((await issuers.VerifyAsync(_home.Token(Now, "shop"), Cancel)).IsValid);

        set = next.Jwks;
        _time.Advance(Seldom);

        Assert.True((await issuers.VerifyAsync(next.Token(Now, "shop"), Cancel)).IsValid);
        await web.StopAsync(Cancel);
        _time.Advance(Seldom);
        Assert.Equal(TokenFailure.UnknownKey, (await issuers.VerifyAsync(_home.Token(Now, "shop"), Cancel)).Failure);
        Assert.True((await issuers.VerifyAsync(next.Token(Now, "shop"), Cancel)).IsValid);
    }

    [Theory]
    [InlineData("""{"kty":"RSA","use":"sig","kid":"weak","n":"vOPp-LJ1","e":"AQAB"}""", "weak")]
    [InlineData("""{"kty":"OKP","use":"sig","crv":"Ed25519","kid":"edwards","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}""", "edwards")]
    [InlineData("""{"kty":"EC","use":"sig","crv":"secp256k1","kid":"koblitz","x":"AA","y":"AA"}""", "koblitz")]
    [InlineData("""{"kty":"EC","use":"sig","crv":"P-256","kid":"broken","x":"AA","y":"AA"}""", "broken")]
    [InlineData("""{"kty":"oct","kid":"short","k":"AAAA"}""", "short")]
    public async Task KeySet_WithAKeyThatCannotBeUsed_HoldsWithoutIt_AndSaysSo(string key, string name)
    {
        await using var issuers = await StartAsync(Local(_folder.Write("mixed.jwks", Accounts.Set(key, _home.Key))));

        Assert.True((await issuers.VerifyAsync(_home.Token(Now, "shop"), Cancel)).IsValid);
        Assert.Contains(_log.Messages, m => m.Message.Contains($"'{name}'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task KeySet_WithoutAnyKeyThatCanBeUsed_IsRefusedWithItsReasons()
    {
        var file = _folder.Write("weak.jwks", Accounts.Set("""{"kty":"oct","kid":"short","k":"AAAA"}"""));
        var error = await Assert.ThrowsAsync<FormatException>(() => StartAsync(Local(file)));
        Assert.Contains("'short'", error.Message, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> ServeAsync(Func<string> set)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        web.Run(context => context.Request.Path == "/keys" ? context.Response.WriteAsync(set()) : Task.CompletedTask);
        await web.StartAsync(Cancel);
        return web;
    }

    private static IssuerOptions Platform() => new() { Name = "cluster", HasPlatformKeys = true, IsLocal = true };

    private IssuerOptions Local(string? file = null)
    {
        var issuer = new IssuerOptions { Name = "cluster", IsLocal = true };
        issuer.Tokens.JwksFile = file ?? _folder.Write("home.jwks", _home.Jwks);
        return issuer;
    }

    private IssuerOptions Abroad(Dictionary<string, IReadOnlyList<string>> namespaces)
    {
        var issuer = new IssuerOptions { Name = "eu", Namespaces = namespaces };
        issuer.Tokens.JwksFile = _folder.Write("abroad.jwks", _abroad.Jwks);
        return issuer;
    }

    private Task<IssuerSet> StartAsync(params IssuerOptions[] issuers) => StartAsync(new TokenAuthOptions(), null, issuers);

    private async Task<IssuerSet> StartAsync(TokenAuthOptions options, Func<CancellationToken, Task<string>>? platformKeys, params IssuerOptions[] issuers)
    {
        var set = new IssuerSet(options, issuers, platformKeys, "test.auth", _time, _log);
        await set.StartAsync(Cancel);
        return set;
    }
}
