using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Traffic;

/// <summary>Client certificates as curl, openssl and <c>pico</c> itself show them.</summary>
public sealed class MutualTlsTests
{
    [Fact(Timeout = 120_000)]
    public async Task Ports_ThatRequireACertificate_LetInWhoHasOne()
    {
        using var folder = new TempFolder();
        var root = await CertificateAuthority.MakeAsync(folder, "root");
        var middle = await CertificateAuthority.MakeAsync(folder, "middle", root);
        var server = await middle.IssueAsync("web.pico.example");
        var chain = folder.Write("chain.pem", await File.ReadAllTextAsync(server.Certificate, TestContext.Current.CancellationToken)
            + await File.ReadAllTextAsync(middle.File, TestContext.Current.CancellationToken));
        var client = await root.IssueAsync("client");
        var stranger = await Certificates.MakeAsync(folder, "stranger");
        string[] options = [.. new[] { "proxy", "upstream", "admin" }.SelectMany(p => new[]
        {
            $"--{p}.tls.certificate-file", chain, $"--{p}.tls.key-file", server.Key, $"--{p}.tls.client-ca-file", root.File,
        })];
        string[] shown = ["--server-tls.ca-file", root.File, "--server-tls.certificate-file", client.Certificate, "--server-tls.key-file", client.Key];
        await using var nginx = await NginxService.StartAsync("location / { return 200 $request_uri; }");
        await using var pico = await Deployment.StartAsync($"web/http://127.0.0.1:{nginx.Port}", options, shown);

        string[] get = ["--cacert", root.File, "--resolve", $"web.pico.example:{pico.Proxy.Port}:127.0.0.1", $"https://web.pico.example:{pico.Proxy.Port}/a"];
        Assert.Equal("/a", (await Curl.RunAsync(["--http1.1", "--cert", client.Certificate, "--key", client.Key, .. get])).Succeeded().Text);
        Assert.Equal("/a", (await Curl.RunAsync(["--http2", "--cert", client.Certificate, "--key", client.Key, .. get])).Succeeded().Text);
        Assert.Equal((0, true), Refused(await Curl.RunAsync(get)));
        Assert.Equal((0, true), Refused(await Curl.RunAsync(["--cert", stranger.Certificate, "--key", stranger.Key, .. get])));

        var s = await Command.RunAsync(
            Tool.OpenSsl, "s_client", "-connect", pico.Server.Upstream.Authority, "-CAfile", root.File, "-verify_return_error", "-cert", client.Certificate, "-key", client.Key);
        Assert.Contains("Verify return code: 0 (ok)", s.Text, StringComparison.Ordinal);
        Assert.Contains(" 1 s:CN = middle", s.Text, StringComparison.Ordinal);
        Assert.Contains("Acceptable client certificate CA names\nCN = root", s.Text, StringComparison.Ordinal);

        string[] admin = ["--cacert", root.File];
        (await Curl.RunAsync([.. admin, $"{pico.Server.Admin}health"])).Succeeded();
        (await Curl.RunAsync([.. admin, $"{pico.Server.Admin}ready"])).Succeeded();
        (await Curl.RunAsync([.. admin, $"{pico.Server.Admin}status"])).IsPicoError(403, "client_certificate_required");
        var without = await PicoProgram.RunAsync("status", "--server", $"{pico.Server.Admin}", "--server-tls.ca-file", root.File);
        Assert.Contains("it wants a client certificate; give --server-tls.certificate-file", without.Error, StringComparison.Ordinal);
        Assert.Contains("web", (await PicoProgram.RunAsync("status", ["--server", $"{pico.Server.Admin}", .. shown])).Succeeded().Text, StringComparison.Ordinal);
    }

    // curl ends with one of several codes, by what the two had said before the server hung up.
    private static (int Status, bool Failed) Refused(CurlResponse response) => (response.Status, response.ExitCode != 0);
}
