using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Traffic;

/// <summary>The proxy port with TLS: HTTP/1.1 and HTTP/2 on the one port, chosen by ALPN.</summary>
public sealed class TlsTests
{
    [Fact(Timeout = 90_000)]
    public async Task ProxyPort_WithTls_SpeaksWhatAlpnChooses()
    {
        using var folder = new TempFolder();
        var certificate = await Certificates.MakeAsync(folder, "web.pico.example");
        await using var nginx = await NginxService.StartAsync("location / { return 200 \"$http_x_forwarded_proto $request_uri\"; }");
        await using var pico = await Deployment.StartAsync(
            $"web/http://127.0.0.1:{nginx.Port}",
            server: ["--proxy.tls.certificate-file", certificate.Certificate, "--proxy.tls.key-file", certificate.Key]);
        var url = $"https://web.pico.example:{pico.Proxy.Port}/a%2Fb";
        string[] curl = ["--cacert", certificate.Certificate, "--resolve", $"web.pico.example:{pico.Proxy.Port}:127.0.0.1", url];

        var two = await Curl.RunAsync(["--http2", .. curl]);
        var one = await Curl.RunAsync(["--http1.1", .. curl]);
        var none = await Curl.RunAsync(["--no-alpn", .. curl]);
        var load = await Command.RunAsync(
            Tool.H2Load, "-n", "1000", "-c", "2", "-m", "100", "-H", "x-pico-endpoint: web", $"https://127.0.0.1:{pico.Proxy.Port}/");

        Assert.StartsWith("HTTP/2 200", two.Succeeded().Heads, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200", one.Succeeded().Heads, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200", none.Succeeded().Heads, StringComparison.Ordinal);
        Assert.All([one, two, none], reply => Assert.Equal("https /a%2Fb", reply.Text));
        Assert.Contains("Application protocol: h2", load.Succeeded().Text, StringComparison.Ordinal);
        Assert.Contains("1000 succeeded, 0 failed", load.Text, StringComparison.Ordinal);
    }
}
