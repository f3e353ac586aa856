using Microsoft.Extensions.Logging;
using Pico.Agent;
using Pico.Agent.Endpoints;
using Pico.Server.Auth.Issuers;
using Pico.Tests.Agent;

namespace Pico.Tests.Server.Auth.Issuers;

/// <summary>Agents with ServiceAccount tokens at a running server.</summary>
public sealed class OwnershipOnPortsTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TestFolder _folder = new();
    private readonly TestClaims _claims = new();
    private readonly Accounts _home = new("key-1");

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Claim_ThatAppears_EndsTheRegistrationsOfOthers_WithTheReason()
    {
        await using var server = await StartAsync();
        await using var shop = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, token: _home.Token(Now, "shop"));
        await using var other = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, token: _home.Token(Now, "other"));
        Assert.Null(await shop.RegisterAsync("orders"));
        Assert.Null(await other.RegisterAsync("orders"));
        Assert.Null(await other.RegisterAsync("free"));

        _claims.Claim("orders", "shop");

        var (id, reason) = await other.Handler.RegistrationEnded.Task.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Equal((1u, "endpoint_not_permitted: endpoint orders belongs to namespace shop"), (id, reason));
        var status = await server.StatusAsync(s => s.Endpoints.Single(e => e.Id == "orders").Upstreams.Count == 1);
        Assert.Contains(status.Endpoints, e => e.Id == "free");
        Assert.Contains("belongs to namespace shop", await other.RegisterAsync("orders"), StringComparison.Ordinal);
        Assert.False(shop.Handler.RegistrationEnded.Task.IsCompleted);

        _claims.Claim("orders", "other"); // it moves
        await shop.Handler.RegistrationEnded.Task.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Null(await other.RegisterAsync("orders"));
    }

    [Fact]
    public async Task Agent_WhoseRegistrationIsEnded_GetsInAgainWhenTheClaimGoes()
    {
        await using var server = await StartAsync();
        var token = _folder.Write("token", _home.Token(Now, "other"));
        await using var agent = new RunningAgent(new AgentOptions
        {
            Servers = [new Uri($"ws://{server.Server.UpstreamAddress}")],
            Endpoints = EndpointSpecParser.Parse(["orders/127.0.0.1:9"], []),
            Connections = 1,
            TokenFile = token,
        });
        await server.StatusAsync(s => s.Endpoints.Count == 1);

        _claims.Claim("orders", "shop");
        await server.StatusAsync(s => s.Endpoints.Count == 0);
        Assert.Single((await server.StatusAsync()).Tunnels);
        _claims.Claim("orders", null);

        await server.StatusAsync(s => s.Endpoints.Count == 1);
    }

    [Fact]
    public async Task Claim_ThatChangesAfterAFault_EndsTheRegistrationsOfOthersAllTheSame()
    {
        using var log = new RecordingLogger();
        await using var server = await StartAsync(log);
        await using var other = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, token: _home.Token(Now, "other"));
        Assert.Null(await other.RegisterAsync("orders"));

        _claims.IsBroken = true;
        _claims.Claim("orders", "shop");
        await log.WaitForAsync("may keep what it registered could not be judged", Patience);
        _claims.IsBroken = false;
        _claims.Claim("orders", "shop");

        await other.Handler.RegistrationEnded.Task.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
    }

    private Task<TestServer> StartAsync(ILoggerFactory? loggers = null)
    {
        var issuer = new IssuerOptions { Name = "cluster", IsLocal = true };
        issuer.Tokens.JwksFile = _folder.Write("home.jwks", _home.Jwks);
        return TestServer.StartAsync(o => (o.Upstream.Issuers, o.Upstream.Claims) = ([issuer], _claims), loggers);
    }
}
