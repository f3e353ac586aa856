namespace Pico.IntegrationTests.Fixtures;

/// <summary>HAProxy in front of a server's three HTTP ports, with time-outs that close what is idle.</summary>
internal sealed class HAProxyService : IAsyncDisposable
{
    private readonly TempFolder _folder;
    private readonly BackgroundProcess _process;

    private HAProxyService(TempFolder folder, BackgroundProcess process, Uri proxy, Uri upstream, Uri admin)
    {
        _folder = folder;
        _process = process;
        (Proxy, Upstream, Admin) = (proxy, upstream, admin);
    }

    /// <summary>The way to the server's proxy port.</summary>
    public Uri Proxy { get; }

    /// <summary>The way to the server's upstream port.</summary>
    public Uri Upstream { get; }

    /// <summary>The way to the server's admin port.</summary>
    public Uri Admin { get; }

    /// <summary>
    /// Starts HAProxy. Connections between requests, requests and responses may be idle for <paramref name="idle"/>, upgraded ones for
    /// <paramref name="tunnelIdle"/>. <paramref name="proxyOptions"/> are of the server line of the proxy port, such as <c>send-proxy-v2</c>.
    /// </summary>
    public static Task<HAProxyService> StartAsync(ServerProcess server, TimeSpan idle, TimeSpan tunnelIdle, string proxyOptions = "") =>
        StartAsync([server], idle, tunnelIdle, proxyOptions);

    /// <summary>As <see cref="StartAsync(ServerProcess, TimeSpan, TimeSpan, string)"/>, in front of several servers, each connection to the next of them.</summary>
    public static async Task<HAProxyService> StartAsync(IReadOnlyList<ServerProcess> servers, TimeSpan idle, TimeSpan tunnelIdle, string proxyOptions = "")
    {
        var program = Tool.HAProxy.Require();
        var folder = new TempFolder();
        var (proxy, upstream, admin) = (NewUri(), NewUri(), NewUri());
        var configuration = folder.Write("haproxy.cfg", $"""
            defaults
              mode http
              timeout connect 5s
              timeout client {idle.TotalMilliseconds}ms
              timeout server {idle.TotalMilliseconds}ms
              timeout http-keep-alive {idle.TotalMilliseconds}ms
              timeout tunnel {tunnelIdle.TotalMilliseconds}ms
            {Way("proxy", proxy, servers.Select(s => s.Proxy), proxyOptions)}
            {Way("upstream", upstream, servers.Select(s => s.Upstream))}
            {Way("admin", admin, servers.Select(s => s.Admin))}

            """);
        var process = BackgroundProcess.Start(program, ["-db", "-f", configuration]);
        await process.WaitUntilAsync("HAProxy listens", () => TcpProbe.Listens(admin.Port));
        return new(folder, process, proxy, upstream, admin);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    private static Uri NewUri() => new($"http://127.0.0.1:{Ports.Free()}/");

    private static string Way(string name, Uri from, IEnumerable<Uri> to, string options = "") => $"""
        listen {name}
          balance roundrobin
          bind {from.Authority}
          {string.Join("\n  ", to.Select((uri, i) => $"server pico{i} {uri.Authority} {options}"))}
        """;
}
