using System.Net;
using System.Net.Sockets;
using Pico.Agent.Endpoints;
using Pico.Agent.Net;

namespace Pico.Agent.Forwarding;

/// <summary>Connects to one service. Its name is resolved again after a short while; the address that answered last is tried first.</summary>
internal sealed class ServiceConnector(EndpointSpec spec, TimeProvider time)
{
    private static readonly TimeSpan CacheLifetime = TimeSpan.FromSeconds(5);

    // Both are replaced as a whole; a lost update costs one look-up or one vain try.
    private volatile Resolved? _resolved;
    private volatile IPAddress? _lastGood;

    /// <summary>
    /// Throws what the last address did. <paramref name="timeout"/> is for all addresses together; the caller bounds the rest of the time.
    /// </summary>
    public async Task<ServiceConnection> ConnectAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var addresses = await ResolveAsync(cancellationToken).ConfigureAwait(false);
        var socket = await TcpConnector.ConnectAsync(addresses, spec.Port, timeout / addresses.Length, time, cancellationToken).ConfigureAwait(false);
        if (addresses.Length > 1)
            Prefer(((IPEndPoint)socket.RemoteEndPoint!).Address);
        return spec.Tls is null
            ? new SocketConnection(socket)
            : new TlsConnection(socket, await TlsClient.AuthenticateAsync(new NetworkStream(socket, ownsSocket: true), spec.Host, spec.Tls, cancellationToken).ConfigureAwait(false));
    }

    private async ValueTask<IPAddress[]> ResolveAsync(CancellationToken cancellationToken)
    {
        if (_resolved is { } cached && time.GetElapsedTime(cached.At) < CacheLifetime)
            return cached.Addresses;
        var addresses = WithFirst(await TcpConnector.ResolveAsync(spec.Host, cancellationToken).ConfigureAwait(false), _lastGood);
        _resolved = new Resolved(time.GetTimestamp(), addresses);
        return addresses;
    }

    private void Prefer(IPAddress address)
    {
        _lastGood = address;
        if (_resolved is { } resolved && !resolved.Addresses[0].Equals(address))
            _resolved = resolved with { Addresses = WithFirst(resolved.Addresses, address) };
    }

    private static IPAddress[] WithFirst(IPAddress[] addresses, IPAddress? first)
    {
        var index = Array.IndexOf(addresses, first);
        return index <= 0 ? addresses : [addresses[index], .. addresses.AsSpan(0, index), .. addresses.AsSpan(index + 1)];
    }

    private sealed record Resolved(long At, IPAddress[] Addresses);
}
