namespace Pico.IntegrationTests.Fixtures;

/// <summary>Where a server listens.</summary>
/// <param name="Proxy">Where clients send requests.</param>
/// <param name="Upstream">Where agents connect.</param>
/// <param name="Admin">Health, readiness, metrics, status.</param>
internal sealed record ServerAddresses(Uri Proxy, Uri Upstream, Uri Admin)
{
    /// <summary>Three ports of <paramref name="host"/>, without TLS.</summary>
    public static ServerAddresses Of(string host, int proxy, int upstream, int admin) =>
        new(new($"http://{host}:{proxy}/"), new($"ws://{host}:{upstream}"), new($"http://{host}:{admin}/"));

    /// <summary>Three free ports of loopback, with TLS where <paramref name="options"/> of the server say so.</summary>
    public static ServerAddresses Free(string[] options)
    {
        return new(
            new($"http{Tls("proxy")}://127.0.0.1:{Ports.Free()}/"),
            new($"ws{Tls("upstream")}://127.0.0.1:{Ports.Free()}"),
            new($"http{Tls("admin")}://127.0.0.1:{Ports.Free()}/"));

        string Tls(string port) => options.Contains($"--{port}.tls.certificate-file") ? "s" : "";
    }
}
