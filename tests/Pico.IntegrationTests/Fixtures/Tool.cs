namespace Pico.IntegrationTests.Fixtures;

/// <summary>A program of the distribution that a test uses as a peer.</summary>
internal sealed record Tool(string Program, string Package)
{
    public static Tool Bash { get; } = new("bash", "bash");
    public static Tool Chromium { get; } = new("chromium", "chromium");
    public static Tool Curl { get; } = new("curl", "curl");
    public static Tool Fish { get; } = new("fish", "fish");
    public static Tool Git { get; } = new("git", "git");
    public static Tool H2Load { get; } = new("h2load", "nghttp2-client");
    public static Tool HAProxy { get; } = new("haproxy", "haproxy");
    public static Tool Ip { get; } = new("ip", "iproute2");
    public static Tool Nc { get; } = new("nc", "netcat-openbsd");
    public static Tool Nginx { get; } = new("nginx", "nginx-light");
    public static Tool OpenSsl { get; } = new("openssl", "openssl");
    public static Tool PgBench { get; } = new("pgbench", "postgresql-contrib");
    public static Tool Prometheus { get; } = new("prometheus", "prometheus");
    public static Tool Promtool { get; } = new("promtool", "prometheus");
    public static Tool Psql { get; } = new("psql", "postgresql-client");
    public static Tool RedisBenchmark { get; } = new("redis-benchmark", "redis-tools");
    public static Tool RedisServer { get; } = new("redis-server", "redis-server");
    public static Tool TinyProxy { get; } = new("tinyproxy", "tinyproxy-bin");
    public static Tool SetPriv { get; } = new("setpriv", "util-linux");
    public static Tool Zsh { get; } = new("zsh", "zsh");

    /// <summary>Debian's own Python, the one that has the packages named python3-….</summary>
    public static Tool Python { get; } = new("/usr/bin/python3", "python3 python3-websockets");

    /// <summary>True if it is there.</summary>
    public bool IsInstalled => Find() is not null;

    /// <summary>The program's path. Skips the test when it is not installed; fails it instead where CI=true.</summary>
    public string Require() => Find() ?? throw Missing(Program, Package);

    /// <summary>Skips the test (fails it where CI=true), for something that is not installed.</summary>
    public static Exception Missing(string what, string package) => Lacking($"{what} is not installed: apt-get install {package}");

    /// <summary>Skips the test (fails it where CI=true), for something else that it needs.</summary>
    public static Exception Lacking(string message)
    {
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(message);
        Assert.Skip(message);
        return new InvalidOperationException(message);
    }

    private string? Find()
    {
        if (Path.IsPathRooted(Program))
            return File.Exists(Program) ? Program : null;
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return folders.Concat(["/usr/sbin", "/sbin"]).Select(f => Path.Combine(f, Program)).FirstOrDefault(File.Exists);
    }
}
