using Pico.Agent.Tunnels;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Agent;

public sealed class ReconnectBackoffTests
{
    private static readonly TimeSpan Min = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Max = TimeSpan.FromSeconds(15);
    private static readonly Exception Failed = new TunnelException(TunnelError.TransportLost, "refused");

    [Fact]
    public void Bound_DoublesUpToItsCap()
    {
        var backoff = new ReconnectBackoff(Min, Max, () => 1);

        var delays = Enumerable.Range(0, 9).Select(_ => backoff.Next(Failed).TotalSeconds).ToArray();

        Assert.Equal([0.25, 0.5, 1, 2, 4, 8, 15, 15, 15], delays);
    }

    [Fact]
    public void LastingTunnel_StartsAnew_AndAShortOneDoesNot()
    {
        var backoff = new ReconnectBackoff(Min, Max, () => 1);
        for (var i = 0; i < 5; i++)
            backoff.Next(Failed);
        var end = new TunnelEnd(TunnelError.TransportLost, "gone");

        Assert.Equal(TimeSpan.FromSeconds(8), backoff.Next(new TunnelLostException(end, wasLasting: false)));
        Assert.Equal(Min, backoff.Next(new TunnelLostException(end, wasLasting: true)));
    }

    [Theory]
    [InlineData(TunnelError.Unauthorized)]
    [InlineData(TunnelError.TokenExpired)]
    public void RejectedCredential_IsRetriedSlowly(TunnelError error)
    {
        var random = 0.0;
        var backoff = new ReconnectBackoff(Min, Max, () => random);

        Assert.Equal(TimeSpan.FromSeconds(30), backoff.Next(new TunnelException(error, "no")));
        random = 1;
        Assert.Equal(TimeSpan.FromSeconds(60), backoff.Next(new TunnelException(error, "no")));
    }

    [Fact]
    public void FiveHundredAgents_ThatLostTheSameServer_ComeBackSpread()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("PICO_TEST_SEED"), out var given) ? given : Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"PICO_TEST_SEED={seed}");
        var random = new Random(seed);
        // The server was gone for 30 s: when is each agent's first try after that?
        var returns = new List<double>();
        for (var agent = 0; agent < 500; agent++)
        {
            var backoff = new ReconnectBackoff(Min, Max, random.NextDouble);
            var clock = 0.0;
            while (clock < 30)
                clock += backoff.Next(Failed).TotalSeconds;
            returns.Add(clock - 30);
        }

        var perSecond = returns.GroupBy(t => (int)t).Max(g => g.Count());
        Assert.All(returns, t => Assert.InRange(t, 0, 15));
        // Evenly over the cap it would be 33 in each second; all at once, 500.
        Assert.InRange(perSecond, 1, 120);
    }
}
