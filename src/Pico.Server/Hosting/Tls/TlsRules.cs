namespace Pico.Server.Hosting.Tls;

/// <summary>Checks <see cref="TlsOptions"/>, and that the files fit together.</summary>
internal static class TlsRules
{
    /// <summary>Adds what is wrong; <paramref name="prefix"/> is the options' prefix, such as <c>proxy.tls</c>.</summary>
    public static void Check(TlsOptions options, string prefix, ICollection<OptionError> errors)
    {
        var before = errors.Count;
        if (options.CertificateFile.Length > 0 && options.KeyFile.Length == 0)
            errors.Add(new($"{prefix}.key-file", options.KeyFile, "the file of the certificate's private key (PEM)"));
        if (options.KeyFile.Length > 0 && options.CertificateFile.Length == 0)
            errors.Add(new($"{prefix}.certificate-file", options.CertificateFile, "the file of the key's certificate chain (PEM)"));
        if (options.ClientCaFile.Length > 0 && !options.IsEnabled)
            errors.Add(new($"{prefix}.client-ca-file", options.ClientCaFile, $"only together with {prefix}.certificate-file: without TLS no certificate is asked for"));
        if (options.ClientAuth is TlsClientAuth.Request or TlsClientAuth.Require && options.ClientCaFile.Length == 0)
            errors.Add(new($"{prefix}.client-auth", options.ClientAuth.ToString().ToLowerInvariant(), $"only together with {prefix}.client-ca-file"));
        if (errors.Count > before || !options.IsEnabled)
            return;

        try
        {
            TlsMaterial.Parse(options, TlsFiles.Read(options), prefix, errors);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add(new($"{prefix}.certificate-file", options.CertificateFile, $"files that can be read: {e.Message}"));
        }
    }
}
