using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Pico.Server.Hosting.Tls;

/// <summary>
/// One port's side of TLS. Its files are looked at every <see cref="LookInterval"/>: what they hold then is used by the next handshakes, connections that exist
/// keep what they began with, and files that are wrong change nothing.
/// </summary>
internal sealed partial class PortTls : IDisposable
{
    /// <summary>How often the files are looked at.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(10);

    /// <summary>From how long before its end on a certificate is warned of.</summary>
    private static readonly TimeSpan WarnBefore = TimeSpan.FromDays(7);

    private readonly string _prefix;
    private readonly TlsOptions _options;
    private readonly bool _entersWithout;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private volatile TlsMaterial _current;

    // Used by the constructor and then by the timer, whose calls are a look apart.
    private TlsFiles _files;
    private string? _problem;
    private string? _warned;

    /// <summary>
    /// Throws <see cref="ServerStartException"/> when the files are not what they should be. <paramref name="entersWithout"/>: clients without a certificate
    /// may enter although one is required, since the port asks for it later.
    /// </summary>
    public PortTls(string prefix, TlsOptions options, bool entersWithout, TimeProvider time, ILogger logger)
    {
        (_prefix, _options, _entersWithout, _time, _logger) = (prefix, options, entersWithout, time, logger);
        try
        {
            _files = TlsFiles.Read(options);
            _current = Parse(_files);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOptionsException)
        {
            throw new ServerStartException($"{prefix}: {exception.Message}", exception);
        }

        LogBegins(prefix, _current.Certificate.TargetCertificate.Subject, _current.NotAfter, options.EffectiveClientAuth);
        WarnOfTime();
        _timer = time.CreateTimer(static state => ((PortTls)state!).Look(), this, LookInterval, LookInterval);
    }

    /// <summary>What is used by the next handshake.</summary>
    public TlsMaterial Current => _current;

    /// <summary>What the next handshake goes by; <paramref name="protocols"/> are offered by ALPN.</summary>
    public SslServerAuthenticationOptions OfHandshake(List<SslApplicationProtocol> protocols)
    {
        var material = _current;
        var options = new SslServerAuthenticationOptions { ServerCertificateContext = material.Certificate, ApplicationProtocols = protocols };
        if (material.ClientPolicy is not { } policy)
            return options;

        options.ClientCertificateRequired = true; // asks for one; the callback decides
        options.CertificateChainPolicy = policy.Clone(); // what a client sends is added to it
        options.RemoteCertificateValidationCallback = IsWelcome;
        // A resumed session was judged by the authorities of its first handshake, and leaves the client's intermediate certificates out.
        options.AllowTlsResume = false;
        return options;
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private bool IsWelcome(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
            return true;
        if (certificate is null && (_entersWithout || _options.EffectiveClientAuth != TlsClientAuth.Require))
            return true;
        var reason = certificate is null ? "there is none" : string.Join(' ', chain?.ChainStatus.Select(s => s.StatusInformation) ?? [errors.ToString()]);
        LogRefused(_prefix, certificate?.Subject ?? "", reason);
        return false;
    }

    private TlsMaterial Parse(TlsFiles files)
    {
        var errors = new List<OptionError>();
        return TlsMaterial.Parse(_options, files, _prefix, errors) ?? throw new InvalidOptionsException(errors);
    }

    private void Look()
    {
        try
        {
            var files = TlsFiles.Read(_options);
            if (files != _files)
            {
                // Files that are being replaced do not fit together for a moment; they are read again at the next look.
                _current = Parse(files);
                (_files, _problem) = (files, null);
                LogTaken(_prefix, _current.Certificate.TargetCertificate.Subject, _current.NotAfter);
            }
        }
        catch (Exception exception)
        {
            if (_problem != exception.Message)
                LogNotTaken(_prefix, exception.Message);
            _problem = exception.Message;
        }

        WarnOfTime();
    }

    // Once for each certificate and state.
    private void WarnOfTime()
    {
        var (now, current) = (_time.GetUtcNow(), _current);
        var state = now < current.NotBefore ? "is not valid yet" : now >= current.NotAfter ? "has expired" : now >= current.NotAfter - WarnBefore ? "expires soon" : null;
        var warning = state is null ? null : $"{current.Certificate.TargetCertificate.Thumbprint} {state}";
        if (warning is not null && warning != _warned)
            LogTime(_prefix, current.Certificate.TargetCertificate.Subject, state!, current.NotBefore, current.NotAfter);
        _warned = warning;
    }

    [LoggerMessage(2020, LogLevel.Information, "{Port}: TLS with the certificate {Subject}, until {NotAfter:u}; client certificates: {ClientAuth}.")]
    private partial void LogBegins(string port, string subject, DateTimeOffset notAfter, TlsClientAuth clientAuth);

    [LoggerMessage(2021, LogLevel.Information, "{Port}: the files have changed and are used from now on: {Subject}, until {NotAfter:u}.")]
    private partial void LogTaken(string port, string subject, DateTimeOffset notAfter);

    [LoggerMessage(2022, LogLevel.Warning, "{Port}: the files have changed but cannot be used, what was before stays: {Reason}")]
    private partial void LogNotTaken(string port, string reason);

    [LoggerMessage(2023, LogLevel.Warning, "{Port}: the certificate {Subject} {State}; it is valid from {NotBefore:u} until {NotAfter:u}.")]
    private partial void LogTime(string port, string subject, string state, DateTimeOffset notBefore, DateTimeOffset notAfter);

    [LoggerMessage(2024, LogLevel.Debug, "{Port}: a client's certificate {Subject} is refused: {Reason}")]
    private partial void LogRefused(string port, string subject, string reason);
}
