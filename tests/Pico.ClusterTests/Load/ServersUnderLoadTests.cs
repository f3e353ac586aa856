using Pico.ClusterTests.Fixtures;

namespace Pico.ClusterTests.Load;

/// <summary>The servers are exchanged, more and fewer, and of another form, while 200 requests a second go through them. What counts as failed: <see cref="LoadRun"/>.</summary>
[Collection(nameof(Alone))]
[Trait(UnderLoad.Trait, UnderLoad.Runs)]
public sealed class ServersUnderLoadTests(PicoRelease pico)
{
    private const string Servers = "deployment/pico-server";

    [Fact]
    public async Task Servers_RolledOneByOne_FailNoRequest()
    {
        await using var load = await (await pico.LoadAsync()).BeginAsync();

        await pico.Kubectl.RunAsync("rollout", "restart", Servers, "--namespace", PicoRelease.Namespace);
        await pico.UntilServersAsync(3);

        await load.EndWithoutFailureAsync();
    }

    [Fact]
    public async Task Servers_ScaledFromThreeToFiveToTwo_FailNoRequest()
    {
        await using var load = await (await pico.LoadAsync()).BeginAsync();

        await ScaleAsync(5);
        await ScaleAsync(2);
        await ScaleAsync(3);

        await load.EndWithoutFailureAsync();
    }

    [Fact]
    public async Task Release_UpgradedAndRolledBack_FailsNoRequest()
    {
        await using var load = await (await pico.LoadAsync()).BeginAsync();
        var before = await ServersAsync();

        await pico.InstallAsync("server.log.level=warn", "controller.log.level=warn");
        await pico.UntilServersAsync(3);
        var upgraded = await ServersAsync();
        await pico.RollBackAsync();
        await pico.UntilServersAsync(3);

        Assert.Empty(before.Intersect(upgraded));
        Assert.Empty(upgraded.Intersect(await ServersAsync()));
        await load.EndWithoutFailureAsync();
    }

    private async Task<IReadOnlyList<string>> ServersAsync() =>
        [.. (await pico.Kubectl.ListAsync(PicoRelease.Namespace, PicoRelease.ServerPods)).Select(pod => pod["metadata"]!["name"]!.GetValue<string>())];

    private async Task ScaleAsync(int count)
    {
        await pico.Kubectl.RunAsync("scale", Servers, $"--replicas={count}", "--namespace", PicoRelease.Namespace);
        await pico.UntilServersAsync(count);
    }
}
