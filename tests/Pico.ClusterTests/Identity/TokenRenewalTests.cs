using Pico.ClusterTests.Fixtures;
using Pico.IntegrationTests.Fixtures;

namespace Pico.ClusterTests.Identity;

/// <summary>
/// A token of ten minutes is renewed by the kubelet while requests run. Awaited after the other tests, beside which they have run; nearly ten minutes if this runs by itself. What counts as failed:
/// <see cref="Load.LoadRun"/>.
/// </summary>
[Collection(nameof(Alone))]
[Trait(UnderLoad.Trait, UnderLoad.Runs)]
[RunsLast(1)]
public sealed class TokenRenewalTests(PicoRelease pico)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Token_RenewedByTheKubelet_FailsNoRequest()
    {
        var other = await pico.OtherAsync();

        IReadOnlyList<DateTimeOffset> expiries = [];
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1), TimeProvider.System);
        await Deadline.UntilAsync("the agent has tunnels by a newer token only", Lifetime, async token =>
            await second.WaitForNextTickAsync(token) && (expiries = await other.ExpiriesAsync()).Count > 0 && expiries.All(e => e > other.FirstExpiry));

        TestContext.Current.SendDiagnosticMessage($"The token expired at {other.FirstExpiry:HH:mm:ss}, the newer one expires at {expiries.Max():HH:mm:ss}.");
        await other.Load.WaitAsync(TimeSpan.FromSeconds(5));
        await other.Load.EndWithoutFailureAsync();
    }
}
