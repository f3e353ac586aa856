using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Operation;

/// <summary>Every certificate and authority of a deployment replaced by another, under load.</summary>
[Trait(Long.Trait, Long.Runs)]
public sealed class TlsRotationTests
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(40); // the files are looked at every 10 s

    [Fact(Timeout = 240_000)]
    public async Task CertificatesAndAuthorities_ReplacedUnderLoad_FailNoRequest()
    {
        using var folder = new TempFolder();
        var (before, after) = (await CertificateAuthority.MakeAsync(folder, "before"), await CertificateAuthority.MakeAsync(folder, "after"));
        var (server1, server2) = (await before.IssueAsync("server-1"), await after.IssueAsync("server-2"));
        var (client1, client2) = (await before.IssueAsync("client-1"), await after.IssueAsync("client-2"));
        var both = await File.ReadAllTextAsync(before.File, TestContext.Current.CancellationToken) + await File.ReadAllTextAsync(after.File, TestContext.Current.CancellationToken);
        var (server, agent) = (new CertificateFiles(folder.File("server.pem"), folder.File("server.key")), new CertificateFiles(folder.File("agent.pem"), folder.File("agent.key")));
        var (clientCa, trust) = (folder.Write("clients.pem", await File.ReadAllTextAsync(before.File, TestContext.Current.CancellationToken)), folder.Write("trust.pem", both));
        Replace(server, server1);
        Replace(agent, client1);
        string[] serverOptions = [.. new[] { "proxy", "upstream", "admin" }.SelectMany(p => new[]
        {
            $"--{p}.tls.certificate-file", server.Certificate, $"--{p}.tls.key-file", server.Key, $"--{p}.tls.client-ca-file", clientCa,
        })];
        string[] agentOptions = ["--server-tls.ca-file", trust, "--server-tls.certificate-file", agent.Certificate, "--server-tls.key-file", agent.Key];
        await using var nginx = await NginxService.StartAsync("location / { return 200 ok; }");
        await using var pico = await Deployment.StartAsync($"web/http://127.0.0.1:{nginx.Port}", serverOptions, agentOptions);
        Uri[] ports = [pico.Proxy, pico.Server.Upstream, pico.Server.Admin];
        var current = Load(client1);
        using var http = Client(both, () => current);
        await using var requests = SteadyLoad.Start(200, _ => GetAsync(http, pico.Proxy, "web"));
        await using var reports = SteadyLoad.Start(5, _ => GetAsync(http, new(pico.Server.Admin, "/status"), null));

        // Servers accept both authorities' clients, then the clients change, then the servers' certificate, then the old authority goes.
        await File.WriteAllTextAsync(clientCa, both, TestContext.Current.CancellationToken);
        foreach (var port in ports)
            await Deadline.UntilAsync($"{port} lets the new clients in", Look, async _ => await SeenAsync(port, client2) is not null);
        current = Load(client2);
        Replace(agent, client2);
        Replace(server, server2);
        foreach (var port in ports)
            await Deadline.UntilAsync($"{port} shows the new certificate", Look, async _ => await SeenAsync(port, client2) == "CN=server-2");
        File.Copy(after.File, clientCa, overwrite: true);
        foreach (var port in ports)
            await Deadline.UntilAsync($"{port} lets the old clients in no more", Look, async _ => await SeenAsync(port, client1) is null);
        await using var second = await AgentProcess.StartAsync(pico.Server.Upstream, $"again/http://127.0.0.1:{nginx.Port}", agentOptions);
        await GetAsync(http, pico.Proxy, "again");

        await Task.WhenAll(requests.StopAsync(), reports.StopAsync());
        TestContext.Current.TestOutputHelper?.WriteLine($"{requests.Count} requests and {reports.Count} reports in {requests.Duration.TotalSeconds:0} s");
        Assert.Empty(requests.Failures);
        Assert.Empty(reports.Failures);
        Assert.InRange(requests.Count / requests.Duration.TotalSeconds, 190, 210);
    }

    private static void Replace(CertificateFiles files, CertificateFiles by)
    {
        File.Copy(by.Certificate, files.Certificate, overwrite: true);
        File.Copy(by.Key, files.Key, overwrite: true);
    }

    private static X509Certificate2 Load(CertificateFiles files) => X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);

    /// <summary>A client whose connections live for a second, so that there are always handshakes; never many at once, which would be another test.</summary>
    private static HttpClient Client(string authorities, Func<X509Certificate2> certificate)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPem(authorities);
        return new(new SocketsHttpHandler
        {
            UseProxy = false,
            PooledConnectionLifetime = TimeSpan.FromSeconds(1),
            MaxConnectionsPerServer = 16,
            SslOptions = { CertificateChainPolicy = policy, LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate() },
        })
        { Timeout = TimeSpan.FromSeconds(30) };
    }

    private static async Task GetAsync(HttpClient http, Uri uri, string? endpointId)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        if (endpointId is not null)
            request.Headers.Add("x-pico-endpoint", endpointId);
        using var response = await http.SendAsync(request);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Whose certificate a port shows to a client with <paramref name="files"/>; null if it lets it not in.</summary>
    private static async Task<string?> SeenAsync(Uri port, CertificateFiles files)
    {
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(port.Host, port.Port, TestContext.Current.CancellationToken);
            using var certificate = Load(files);
#pragma warning disable CA5359 // It is looked at afterwards.
            await using var tls = new SslStream(socket.GetStream(), false, (_, _, _, _) => true);
#pragma warning restore CA5359
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = port.Host, ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true) },
                TestContext.Current.CancellationToken);
            // With TLS 1.3 the client's side is done before the server has judged.
            await tls.WriteAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), TestContext.Current.CancellationToken);
            return await tls.ReadAsync(new byte[1], TestContext.Current.CancellationToken) == 1 ? tls.RemoteCertificate!.Subject : null;
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            return null;
        }
    }
}
