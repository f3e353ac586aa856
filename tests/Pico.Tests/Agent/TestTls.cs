using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Pico.Tests.Agent;

/// <summary>The server's side of TLS in tests.</summary>
internal static class TestTls
{
    /// <summary>Throws <see cref="IOException"/> when the two do not like each other.</summary>
    public static async Task<SslStream> AcceptAsync(Socket socket, SslServerAuthenticationOptions options)
    {
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        try
        {
            await tls.AuthenticateAsServerAsync(options);
            return tls;
        }
        catch (AuthenticationException e)
        {
            await tls.DisposeAsync();
            throw new IOException(e.Message, e);
        }
    }
}
