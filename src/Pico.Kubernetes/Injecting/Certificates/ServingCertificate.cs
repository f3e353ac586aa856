using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Pico.Kubernetes.Injecting.Certificates;

/// <summary>The certificate that the webhook serves with now. From any thread; handshakes under way keep theirs.</summary>
internal sealed partial class ServingCertificate(ILogger logger)
{
    private volatile SslStreamCertificateContext? _current;
    private string _content = "";

    /// <summary>Null: there is none yet, handshakes fail.</summary>
    public SslStreamCertificateContext? Current => _current;

    /// <summary>When the certificate runs out; null if there is none.</summary>
    public DateTimeOffset? NotAfter => _current is { } context ? context.TargetCertificate.NotAfter : null;

    /// <summary>Takes another, both PEM; one that cannot be used is told, and the one before stays. One caller at a time.</summary>
    public void Use(string certificate, string key)
    {
        if (certificate + key == _content)
            return;
        _content = certificate + key;
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(certificate);
            _current = SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(certificate, key), chain, offline: true);
            LogTaken(_current.TargetCertificate.Subject, _current.TargetCertificate.NotAfter.ToUniversalTime());
        }
        catch (Exception e)
        {
            LogNotTaken(e.Message);
        }
    }

    [LoggerMessage(6401, LogLevel.Information, "The webhook's certificate is {Subject}, until {NotAfter:u}")]
    private partial void LogTaken(string subject, DateTime notAfter);

    [LoggerMessage(6402, LogLevel.Error, "The webhook's new certificate cannot be used, the one before stays: {Reason}")]
    private partial void LogNotTaken(string reason);
}
