using Pico.Server.Hosting;
using Pico.Server.Hosting.Tls;
using Pico.Tests.Certificates;

namespace Pico.Tests.Server.Hosting.Tls;

/// <summary>Wrong TLS options and files are all named, before anything listens.</summary>
public sealed class TlsRulesTests : IDisposable
{
    private readonly TlsFolder _folder = new();
    private readonly TestAuthority _authority = new("authority");

    [Fact]
    public void Files_OfEveryPort_AreNamedAtOnce()
    {
        using var certificate = _authority.Issue("server");
        using var other = _authority.Issue("other");
        _folder.Write(certificate);
        var otherKey = TestAuthority.WriteKey(_folder.Path, "other.key", other);
        var nothing = Path.Combine(_folder.Path, "nothing.pem");
        File.WriteAllText(nothing, "nothing");
        var options = TestServer.Options();
        _folder.Set(options.Proxy.Tls);
        _folder.Set(options.Upstream.Tls);
        _folder.Set(options.Admin.Tls);
        options.Proxy.Tls.KeyFile = otherKey;
        (options.Upstream.Tls.CertificateFile, options.Upstream.Tls.ClientCaFile) = (nothing, nothing);
        options.Admin.Tls.KeyFile = Path.Combine(_folder.Path, "missing.pem");

        var errors = Assert.Throws<InvalidOptionsException>(() => new PicoServer(options)).Errors;

        Assert.Equal(["proxy.tls.key-file", "upstream.tls.certificate-file", "upstream.tls.client-ca-file", "admin.tls.certificate-file"], errors.Select(e => e.Key));
        Assert.Contains($"the private key (PEM, not encrypted) of the certificate in '{_folder.CertificateFile}'", errors[0].Allowed, StringComparison.Ordinal);
        Assert.Contains("missing.pem", errors[3].Allowed, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a", "", "", TlsClientAuth.Auto, "port.tls.key-file")]
    [InlineData("", "a", "", TlsClientAuth.Auto, "port.tls.certificate-file")]
    [InlineData("", "", "a", TlsClientAuth.Auto, "port.tls.client-ca-file")]
    [InlineData("", "", "", TlsClientAuth.Require, "port.tls.client-auth")]
    [InlineData("", "", "", TlsClientAuth.Request, "port.tls.client-auth")]
    public void Options_WithoutTheirOthers_AreRefused(string certificate, string key, string clientCa, TlsClientAuth clientAuth, string expected)
    {
        var errors = new List<OptionError>();

        TlsRules.Check(new() { CertificateFile = certificate, KeyFile = key, ClientCaFile = clientCa, ClientAuth = clientAuth }, "port.tls", errors);

        Assert.Equal(expected, Assert.Single(errors).Key);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _authority.Dispose();
    }
}
