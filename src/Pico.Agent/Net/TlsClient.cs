using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pico.Agent.Endpoints;

namespace Pico.Agent.Net;

/// <summary>The client's side of TLS, over a connected socket.</summary>
internal static class TlsClient
{
    /// <summary>Takes ownership of <paramref name="socket"/>. Throws <see cref="AuthenticationException"/> when the server is not trusted.</summary>
    public static async Task<SslStream> AuthenticateAsync(Socket socket, string host, TlsSettings settings, CancellationToken cancellationToken)
    {
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true), leaveInnerStreamOpen: false);
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

    private static SslClientAuthenticationOptions Options(string host, TlsSettings settings)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = settings.ServerName.Length > 0 ? settings.ServerName : host,
        };
        if (settings.Insecure)
#pragma warning disable CA5359 // What the option is for; off by default.
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        else if (settings.CaFile.Length > 0)
            options.CertificateChainPolicy = TrustOnly(settings.CaFile);
        return options;
    }

    private static X509ChainPolicy TrustOnly(string caFile)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(caFile);
        }
        catch (CryptographicException e)
        {
            throw new AuthenticationException($"the CA file {caFile} is no PEM file with certificates: {e.Message}", e);
        }

        if (policy.CustomTrustStore.Count == 0)
            throw new AuthenticationException($"the CA file {caFile} has no certificate");
        return policy;
    }
}
