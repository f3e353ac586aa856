using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pico.Agent.Endpoints;
using Pico.Agent.Forwarding;

namespace Pico.Tests.Agent;

/// <summary>TLS from the agent to a service with a certificate of its own making.</summary>
public sealed class ServiceTlsTests : IDisposable
{
    private const string Name = "inner.example";

    private readonly CancellationTokenSource _soon = new(TimeSpan.FromSeconds(20), TimeProvider.System);
    private readonly X509Certificate2 _certificate = CreateCertificate();
    private readonly string _caFile = Path.GetTempFileName();
    private readonly TestService _service;

    public ServiceTlsTests()
    {
        File.WriteAllText(_caFile, _certificate.ExportCertificatePem());
        _service = new TestService { Serve = EchoAsync };
    }

    [Fact]
    public async Task Service_WithAKnownAuthorityAndName_IsTalkedTo_WithHalfClose()
    {
        using var service = await ConnectAsync(new TlsSettings { CaFile = _caFile, ServerName = Name });

        await service.SendAsync("hello"u8.ToArray());
        await service.CompleteSendAsync();
        var answer = new byte[16];
        await service.ReceiveAsync(Memory<byte>.Empty);

        Assert.Equal(5, await service.ReceiveAsync(answer));
        Assert.Equal(0, await service.ReceiveAsync(answer));
    }

    [Fact]
    public async Task Service_OfAnUnknownAuthority_IsRefused_UnlessInsecure()
    {
        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(new TlsSettings { ServerName = Name }));

        using var service = await ConnectAsync(new TlsSettings { Insecure = true });
    }

    [Fact]
    public async Task Service_WithAnotherName_IsRefused()
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(new TlsSettings { CaFile = _caFile }));

        Assert.Contains("RemoteCertificateNameMismatch", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no certificate at all")]
    [InlineData("-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n")]
    public async Task CaFile_WithoutACertificate_IsSaid(string content)
    {
        await File.WriteAllTextAsync(_caFile, content, _soon.Token);

        var failure = await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(new TlsSettings { CaFile = _caFile, ServerName = Name }));

        Assert.Contains(_caFile, failure.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _service.Dispose();
        _certificate.Dispose();
        _soon.Dispose();
        File.Delete(_caFile);
    }

    private Task<ServiceConnection> ConnectAsync(TlsSettings tls) =>
        new ServiceConnector(new EndpointSpec { Id = "secure", Host = "127.0.0.1", Port = _service.Port, Tls = tls }, TimeProvider.System)
            .ConnectAsync(TimeSpan.FromSeconds(5), _soon.Token);

    private async Task EchoAsync(Socket socket)
    {
        try
        {
            await using var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await tls.AuthenticateAsServerAsync(_certificate);
            var buffer = new byte[1024];
            while (await tls.ReadAsync(buffer) is > 0 and var received)
                await tls.WriteAsync(buffer.AsMemory(0, received));
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
        {
            // The agent did not like the certificate.
        }
    }

    private static X509Certificate2 CreateCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(Name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }
}
