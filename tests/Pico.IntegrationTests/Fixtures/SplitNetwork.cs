using System.Net;

namespace Pico.IntegrationTests.Fixtures;

/// <summary>
/// A network of two sides, each a network namespace, with a router between them that can be told to drop whatever goes from one side to the other: nobody is told, so connections
/// hang. The tests reach both sides all the time.
/// <code>
///   tests 198.18.0.1 ── router ──┬── left  198.18.1.0/24
///                                └── right 198.18.2.0/24
/// </code>
/// </summary>
internal sealed class SplitNetwork : IAsyncDisposable
{
    // Of the addresses that are set aside for benchmarks: nobody's network.
    private const string TestsHost = "198.18.0.1";
    private const string RouterHost = "198.18.0.2";

    /// <summary>How many places a side has.</summary>
    private const int Places = 4;

    private static readonly string Id = $"pico{Environment.ProcessId:x}";

    private readonly string _router = $"{Id}-router";
    private readonly string _left = $"{Id}-left";
    private readonly string _right = $"{Id}-right";

    private SplitNetwork()
    {
    }

    /// <summary>The address of the tests, for services.</summary>
    public static IPAddress Tests { get; } = IPAddress.Parse(TestsHost);

    /// <summary>Makes the network. Needs root.</summary>
    public static async Task<SplitNetwork> CreateAsync()
    {
        Tool.Ip.Require();
        if (!Environment.IsPrivilegedProcess)
            throw Tool.Lacking("Only root may make network namespaces.");
        var network = new SplitNetwork();
        try
        {
            await network.BuildAsync();
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>A place on the left, from 1 to 4.</summary>
    public Surroundings Left(int place) => new() { Host = HostOf("198.18.1", place), Namespace = _left };

    /// <summary>A place on the right.</summary>
    public Surroundings Right(int place) => new() { Host = HostOf("198.18.2", place), Namespace = _right };

    /// <summary>From now on nothing gets from one side to the other.</summary>
    public async Task CutAsync()
    {
        await IpAsync($"-n {_router} rule add pref 11 iif left to 198.18.2.0/24 blackhole");
        await IpAsync($"-n {_router} rule add pref 12 iif right to 198.18.1.0/24 blackhole");
    }

    /// <summary>The sides reach each other again.</summary>
    public async Task HealAsync()
    {
        await IpAsync($"-n {_router} rule del pref 11");
        await IpAsync($"-n {_router} rule del pref 12");
    }

    public async ValueTask DisposeAsync()
    {
        // With a namespace go its interfaces, and the other ends of their pairs.
        foreach (var name in new[] { _left, _right, _router })
            await new Command(Tool.Ip, "netns", "del", name).RunAsync();
    }

    private static string HostOf(string range, int place) => $"{range}.{10 + place}";

    private static async Task IpAsync(string arguments) => (await Command.RunAsync(Tool.Ip, arguments.Split(' '))).Succeeded();

    private async Task BuildAsync()
    {
        foreach (var name in new[] { _router, _left, _right })
            await IpAsync($"netns add {name}");
        await IpAsync($"link add {Id} type veth peer name tests netns {_router}");
        await IpAsync($"addr add {TestsHost}/24 dev {Id}");
        await IpAsync($"link set {Id} up");
        await IpAsync($"-n {_router} addr add {RouterHost}/24 dev tests");
        await IpAsync($"-n {_router} link set tests up");
        (await Command.RunAsync(Tool.Ip, "netns", "exec", _router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")).Succeeded();
        await BuildSideAsync(_left, "left", "198.18.1");
        await BuildSideAsync(_right, "right", "198.18.2");
    }

    private async Task BuildSideAsync(string side, string link, string range)
    {
        await IpAsync($"-n {_router} link add {link} type veth peer name net netns {side}");
        await IpAsync($"-n {_router} addr add {range}.1/24 dev {link}");
        await IpAsync($"-n {_router} link set {link} up");
        for (var place = 1; place <= Places; place++)
            await IpAsync($"-n {side} addr add {HostOf(range, place)}/24 dev net");
        await IpAsync($"-n {side} link set net up");
        await IpAsync($"-n {side} link set lo up");
        await IpAsync($"-n {side} route add default via {range}.1");
        await IpAsync($"route add {range}.0/24 via {RouterHost}");
    }
}
