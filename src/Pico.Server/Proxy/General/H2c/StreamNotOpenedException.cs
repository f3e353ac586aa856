using Pico.Tunnel;

namespace Pico.Server.Proxy.General.H2c;

/// <summary>No connection to the service could be made, so nothing was sent: told apart from what breaks later.</summary>
internal sealed class StreamNotOpenedException(StreamException inner) : IOException(inner.Message, inner)
{
    /// <summary>Finds it among the causes of <paramref name="exception"/>.</summary>
    public static StreamNotOpenedException? Find(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is StreamNotOpenedException found)
                return found;
        }

        return null;
    }
}
