using System.Net;
using System.Net.Sockets;

namespace Pico.Tests.Server.Cluster.Discovery;

/// <summary>An address of loopback that answers no connection, as that of a machine that is dead: its queue is full, and who else comes is dropped unheard.</summary>
internal sealed class SilentAddress : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _first = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public SilentAddress()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(0); // room for one
        _first.Connect(EndPoint);
    }

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

    public void Dispose()
    {
        _first.Dispose();
        _listener.Dispose();
    }
}
