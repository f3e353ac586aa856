using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pico.Agent.Endpoints;

namespace Pico.Agent.Net;

/// <summary>The client's side of TLS. All files are read when they are needed, so that they may be replaced at any time.</summary>
public static class TlsClient
{
    /// <summary>Takes ownership of <paramref name="inner"/>. Throws <see cref="AuthenticationException"/> when the server is not trusted, or a file of the settings is wrong.</summary>
    public static async Task<SslStream> AuthenticateAsync(Stream inner, string host, TlsSettings settings, CancellationToken cancellationToken)
    {
        var tls = new SslStream(inner, leaveInnerStreamOpen: false);
        try
        {
            await tls.AuthenticateAsClientAsync(Options(host, settings), cancellationToken).ConfigureAwait(false);
            return tls;
        }
        catch
        {
            await tls.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>What <paramref name="settings"/> mean for a connection to <paramref name="host"/>. Throws <see cref="AuthenticationException"/> that names a wrong file.</summary>
    public static SslClientAuthenticationOptions Options(string host, TlsSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = settings.ServerName.Length > 0 ? settings.ServerName : host,
        };
        if (settings.CertificateFile.Length > 0)
            options.ClientCertificateContext = Certificate(settings);
        if (settings.Insecure)
#pragma warning disable CA5359 // What the option is for; off by default.
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        else if (settings.CaFile.Length > 0)
            options.CertificateChainPolicy = TrustOnly(settings.CaFile);
        return options;
    }

    private static SslStreamCertificateContext Certificate(TlsSettings settings)
    {
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(settings.CertificateFile);
            return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(settings.CertificateFile, settings.KeyFile), chain, offline: true);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new AuthenticationException($"the client certificate {settings.CertificateFile} cannot be used with the key {settings.KeyFile}: {e.Message}");
        }
    }

    private static X509ChainPolicy TrustOnly(string caFile)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(caFile);
        }
        catch (CryptographicException e) when (File.Exists(caFile))
        {
            throw new AuthenticationException($"the CA file {caFile} is no PEM file with certificates: {e.Message}");
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new AuthenticationException($"the CA file {caFile} cannot be read: {e.Message}");
        }

        if (policy.CustomTrustStore.Count == 0)
            throw new AuthenticationException($"the CA file {caFile} has no certificate");
        return policy;
    }
}
