using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Agent.Dialing;

/// <summary>The credential in a file, read at every use, since it may be rotated.</summary>
public sealed class TokenSource(string file)
{
    private const int MaxLength = 16 * 1024;

    /// <summary>The token; empty if no file is set. Throws <see cref="TunnelException"/> when the file has none.</summary>
    public async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        if (file.Length == 0)
            return "";
        try
        {
            if (new FileInfo(file).Length > MaxLength)
                throw Bad($"is larger than {MaxLength} bytes");
            var token = (await File.ReadAllTextAsync(file, cancellationToken).ConfigureAwait(false)).Trim();
            return token.Length == 0 || !IsToken(token) ? throw Bad("holds no token: it must be one line of visible ASCII") : token;
        }
        catch (Exception e) when (e is (IOException or UnauthorizedAccessException) and not TunnelException)
        {
            throw Bad($"cannot be read: {e.Message}", e);
        }
    }

    /// <summary>True if <paramref name="text"/> can stand in a header's value without breaking out of it.</summary>
    public static bool IsToken(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length <= MaxLength && !text.AsSpan().ContainsAnyExceptInRange('!', '~');
    }

    private TunnelException Bad(string message, Exception? inner = null) => new(TunnelError.Internal, $"the token file {file} {message}", inner);
}
