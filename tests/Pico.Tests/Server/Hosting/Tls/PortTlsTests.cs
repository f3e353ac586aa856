using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Pico.Server.Hosting.Tls;
using Pico.Tests.Agent;
using Pico.Tests.Certificates;

namespace Pico.Tests.Server.Hosting.Tls;

/// <summary>What a port does with its certificate's files, over time.</summary>
public sealed class PortTlsTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    private readonly RecordingLogger _log = new();
    private readonly TlsFolder _folder = new();
    private readonly TestAuthority _authority = new("authority");

    [Fact]
    public void Files_Replaced_AreTakenByTheNextHandshakes()
    {
        using var before = _authority.Issue("before");
        using var after = _authority.Issue("after");
        _folder.Write(before);
        using var tls = Start();
        var (certificate, key) = (File.ReadAllText(_folder.CertificateFile), File.ReadAllText(_folder.KeyFile));

        _folder.Write(after);
        Look();
        Assert.Equal("CN=after", tls.Current.Certificate.TargetCertificate.Subject);

        // The same length, and a time in the past: the content decides.
        File.WriteAllText(_folder.CertificateFile, certificate);
        File.WriteAllText(_folder.KeyFile, key);
        File.SetLastWriteTimeUtc(_folder.CertificateFile, _time.GetUtcNow().UtcDateTime.AddDays(-1));
        File.SetLastWriteTimeUtc(_folder.KeyFile, _time.GetUtcNow().UtcDateTime.AddDays(-1));
        Look();
        Assert.Equal("CN=before", tls.Current.Certificate.TargetCertificate.Subject);
    }

    [Fact]
    public void Link_ThatIsSwung_IsSeen()
    {
        using var before = _authority.Issue("before");
        using var after = _authority.Issue("after");
        foreach (var certificate in new[] { before, after })
        {
            var version = Directory.CreateDirectory(Path.Combine(_folder.Path, certificate.Subject)).FullName;
            TestAuthority.WriteChain(version, "tls.crt", certificate);
            TestAuthority.WriteKey(version, "tls.key", certificate);
        }

        var data = Path.Combine(_folder.Path, "..data");
        Directory.CreateSymbolicLink(data, before.Subject);
        File.CreateSymbolicLink(_folder.CertificateFile, "..data/tls.crt");
        File.CreateSymbolicLink(_folder.KeyFile, "..data/tls.key");
        using var tls = Start();

        Directory.Delete(data);
        Directory.CreateSymbolicLink(data, after.Subject);
        Look();

        Assert.Equal("CN=after", tls.Current.Certificate.TargetCertificate.Subject);
    }

    [Fact]
    public void Files_HalfReplaced_ChangeNothingAndAreSaidOnce()
    {
        using var before = _authority.Issue("before");
        using var after = _authority.Issue("after");
        _folder.Write(before);
        using var tls = Start();

        TestAuthority.WriteChain(_folder.Path, "tls.crt", after);
        Look();
        Look();
        Assert.Equal("CN=before", tls.Current.Certificate.TargetCertificate.Subject);
        Assert.Single(Warnings(), w => w.Contains("port.tls.key-file", StringComparison.Ordinal) && w.Contains("what was before stays", StringComparison.Ordinal));

        File.Delete(_folder.KeyFile);
        Look();
        Assert.Equal("CN=before", tls.Current.Certificate.TargetCertificate.Subject);

        TestAuthority.WriteKey(_folder.Path, "tls.key", after);
        Look();
        Assert.Equal("CN=after", tls.Current.Certificate.TargetCertificate.Subject);
    }

    [Fact]
    public void ClientCa_Replaced_IsTakenByTheNextHandshakes()
    {
        using var other = new TestAuthority("other");
        using var certificate = _authority.Issue("server");
        _folder.Write(certificate);
        _folder.WriteClientCa(_authority.Certificate);
        using var tls = Start();

        _folder.WriteClientCa(_authority.Certificate, other.Certificate);
        Look();

        Assert.Equal(["CN=authority", "CN=other"], tls.OfHandshake([]).CertificateChainPolicy!.CustomTrustStore.Select(c => c.Subject));
    }

    [Theory]
    [InlineData(-1, "has expired")]
    [InlineData(3, "expires soon")]
    public void Certificate_AtItsEnd_IsUsedAndWarnedOf(int days, string expected)
    {
        using var certificate = _authority.Issue("server", _time.GetUtcNow().AddDays(days));
        _folder.Write(certificate);

        using var tls = Start();
        Look();

        Assert.Contains(expected, Assert.Single(Warnings()), StringComparison.Ordinal);
    }

    [Fact]
    public void Certificate_ThatGetsOld_IsWarnedOfWhileItRuns()
    {
        using var certificate = _authority.Issue("server", _time.GetUtcNow().AddDays(9));
        _folder.Write(certificate);
        using var tls = Start();
        Assert.Empty(Warnings());

        _time.Advance(TimeSpan.FromDays(3));
        Assert.Contains("expires soon", Assert.Single(Warnings()), StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromDays(7));

        Assert.Contains("has expired", Warnings()[^1], StringComparison.Ordinal);
        Assert.Equal(2, Warnings().Length);
    }

    public void Dispose()
    {
        _log.Dispose();
        _folder.Dispose();
        _authority.Dispose();
    }

    private PortTls Start()
    {
        var options = new TlsOptions();
        _folder.Set(options);
        return new PortTls("port.tls", options, entersWithout: false, _time, _log);
    }

    private void Look() => _time.Advance(PortTls.LookInterval);

    private string[] Warnings() => [.. _log.Messages.Where(m => m.Level == LogLevel.Warning).Select(m => m.Message)];
}
