using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Pico.Server.Hosting;

/// <summary>A port's TLS certificate from PEM files; looked at again each minute, so that a rotated one is taken without a restart.</summary>
internal sealed partial class ServerCertificate : IDisposable
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(1);

    private readonly string _certificateFile;
    private readonly string _keyFile;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private volatile SslStreamCertificateContext _current;
    private DateTime _changed;

    /// <summary>Throws <see cref="ServerStartException"/> when the files are no certificate with its key.</summary>
    public ServerCertificate(ServerPort port, string certificateFile, string keyFile, TimeProvider time, ILogger<ServerCertificate> logger)
    {
        (_certificateFile, _keyFile, _logger) = (certificateFile, keyFile, logger);
        try
        {
            _changed = LastChange();
            _current = Load();
        }
        catch (Exception exception)
        {
            throw new ServerStartException(
                $"{port.Name}.tls-certificate-file, {port.Name}.tls-key-file: '{certificateFile}' and '{keyFile}' are no certificate with its key: {exception.Message}", exception);
        }

        _timer = time.CreateTimer(static state => ((ServerCertificate)state!).Look(), this, LookAgain, LookAgain);
    }

    /// <summary>The certificate for the next handshake. Older ones are left to those connections that use them.</summary>
    public SslStreamCertificateContext Current => _current;

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        try
        {
            var changed = LastChange();
            if (changed == _changed)
                return;
            _current = Load();
            _changed = changed;
            LogTaken(_certificateFile, _current.TargetCertificate.Subject, _current.TargetCertificate.NotAfter);
        }
        catch (Exception exception)
        {
            // Files that are being replaced are read again; the certificate in use stays.
            LogNotTaken(_certificateFile, exception.Message);
        }
    }

    private DateTime LastChange()
    {
        var (certificate, key) = (File.GetLastWriteTimeUtc(_certificateFile), File.GetLastWriteTimeUtc(_keyFile));
        return certificate > key ? certificate : key;
    }

    // Whatever follows the server's own certificate in the file is sent with it.
    private SslStreamCertificateContext Load()
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_certificateFile);
        return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(_certificateFile, _keyFile), chain, offline: true);
    }

    [LoggerMessage(2021, LogLevel.Information, "The certificate in {File} changed and is used from now on: {Subject}, until {NotAfter:u}.")]
    private partial void LogTaken(string file, string subject, DateTime notAfter);

    [LoggerMessage(2022, LogLevel.Warning, "The certificate in {File} changed but cannot be used, the one before stays: {Reason}")]
    private partial void LogNotTaken(string file, string reason);
}
