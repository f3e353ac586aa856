using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Pico.Gossip.Network;

/// <summary>The UDP socket: IPv4 and IPv6 on one port where the system has both.</summary>
internal sealed class UdpPort : IDisposable
{
    private const int KernelBuffer = 1024 * 1024; // some thousand packets: what comes while a large packet's events are told

    private readonly Socket _socket;
    private readonly ILogger _logger;
    private readonly EndPoint _any;

    /// <summary>Opens the port. Throws <see cref="SocketException"/>.</summary>
    public UdpPort(IPEndPoint bind, ILogger logger)
    {
        _logger = logger;
        if (bind.Address.Equals(IPAddress.IPv6Any) && !Socket.OSSupportsIPv6)
            bind = new IPEndPoint(IPAddress.Any, bind.Port);
        _socket = new Socket(bind.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        try
        {
            if (bind.Address.Equals(IPAddress.IPv6Any))
                _socket.DualMode = true;
            _socket.ReceiveBufferSize = KernelBuffer;
            _socket.SendBufferSize = KernelBuffer;
            _socket.Bind(bind);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }

        Bound = (IPEndPoint)_socket.LocalEndPoint!;
        _any = new IPEndPoint(bind.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
    }

    /// <summary>Where it is bound, with the port that the system chose if 0 was asked for.</summary>
    public IPEndPoint Bound { get; }

    /// <summary>Sends at once, or not at all: gossip survives the loss of a packet, and nobody waits for a full buffer.</summary>
    public void Send(IPEndPoint to, ReadOnlySpan<byte> packet)
    {
        try
        {
            var address = to.AddressFamily == AddressFamily.InterNetwork && _socket.AddressFamily == AddressFamily.InterNetworkV6
                ? new IPEndPoint(to.Address.MapToIPv6(), to.Port)
                : to;
            _socket.SendTo(packet, SocketFlags.None, address);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            GossipLog.CannotSend(_logger, to, exception.Message);
        }
    }

    /// <summary>Waits for a packet. Gives its length, and more than a packet may have if it was longer.</summary>
    public async ValueTask<(int Length, IPEndPoint From)> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                var received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, _any, cancellation);
                var from = (IPEndPoint)received.RemoteEndPoint;
                return (received.ReceivedBytes, from.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(from.Address.MapToIPv4(), from.Port) : from);
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionRefused or SocketError.MessageSize)
            {
                // About an earlier packet, or one too long to be ours: the next may be good.
            }
        }
    }

    public void Dispose() => _socket.Dispose();
}
