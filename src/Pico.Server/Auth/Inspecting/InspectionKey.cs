using Pico.Server.Auth.Minting;

namespace Pico.Server.Auth.Inspecting;

/// <summary>A file with keys to check a signature with, of any kind that a server or <c>pico token mint</c> takes.</summary>
public sealed class InspectionKey
{
    private InspectionKey(string path, TokenAuthOptions options) => (Name, Options) = (path, options);

    /// <summary>The file.</summary>
    public string Name { get; }

    /// <summary>The keys as a server would be given them.</summary>
    internal TokenAuthOptions Options { get; }

    /// <summary>
    /// Tells by the content what the file is: a JSON Web Key Set, PEM blocks (public keys and certificates, or one private key), or a shared secret.
    /// Throws <see cref="IOException"/> when it cannot be read and <see cref="FormatException"/> when it is no key.
    /// </summary>
    public static async Task<InspectionKey> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var text = await File.ReadAllTextAsync(path, cancellationToken);
        if (text.TrimStart().StartsWith('{'))
            return new(path, new() { JwksFile = path });
        if (!text.Contains("-----BEGIN", StringComparison.Ordinal))
            return new(path, new() { SecretFiles = [path] });
        if (!text.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
            return new(path, new() { PublicKeyFiles = [path] });
        using var pair = SigningKey.Parse(text);
        return new(path, new() { PublicKey = pair.PublicPem! });
    }
}
