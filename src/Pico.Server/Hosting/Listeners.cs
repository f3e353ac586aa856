using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Pico.Server.Hosting;

/// <summary>The ports of one server: what was configured, and where they really are.</summary>
internal sealed class Listeners(ServerOptions options)
{
    private readonly Dictionary<ServerPort, ListenOptions> _bound = [];

    /// <summary>Tells Kestrel to listen on <paramref name="port"/>, if it is configured.</summary>
    public void Listen(KestrelServerOptions kestrel, ServerPort port, Action<ListenOptions> configure)
    {
        var value = Configured(port);
        if (value.Length == 0)
            return;
        if (!BindAddress.TryParse(value, out var address))
            throw new InvalidOptionsException([new(port.OptionKey, value, BindAddress.Rule)]);

        // Listening on any address is both families' where the machine has both, else that of the one it has.
        Action<ListenOptions> listen = listening =>
        {
            _bound[port] = listening;
            configure(listening);
        };
        if (address.IsAny)
            kestrel.ListenAnyIP(address.EndPoint.Port, listen);
        else
            kestrel.Listen(address.EndPoint, listen);
    }

    /// <summary>Where <paramref name="port"/> listens.</summary>
    public IPEndPoint AddressOf(ServerPort port) =>
        _bound.GetValueOrDefault(port)?.IPEndPoint ?? throw new InvalidOperationException($"The {port.Name} port is not listening.");

    /// <summary>True if <paramref name="port"/> is configured.</summary>
    public bool Has(ServerPort port) => Configured(port).Length > 0;

    /// <summary>
    /// Why the server did not start, in words that name the option. Kestrel's exceptions do not always say which address it was: so the
    /// addresses are tried one by one, now that none is held.
    /// </summary>
    public string Explain(Exception exception)
    {
        foreach (var port in _bound.Keys)
        {
            var value = Configured(port);
            if (BindAddress.TryParse(value, out var address) && Try(address.EndPoint) is { } error)
                return $"{port.OptionKey}: cannot listen on '{value}': {Words(error)}";
        }

        return $"The server cannot start: {exception.Message}";
    }

    private static SocketException? Try(IPEndPoint address)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (address.AddressFamily == AddressFamily.InterNetworkV6 && address.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(address);
            return null;
        }
        catch (SocketException error)
        {
            return error;
        }
    }

    internal static string Words(SocketException error) => error.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => "another process listens there.",
        SocketError.AddressNotAvailable => "this machine does not have the address.",
        SocketError.AccessDenied => "this user may not (ports below 1024 need a capability).",
        _ => error.Message,
    };

    private string Configured(ServerPort port) => port switch
    {
        _ when port == ServerPort.Proxy => options.Proxy.BindAddress,
        _ when port == ServerPort.Upstream => options.Upstream.BindAddress,
        _ when port == ServerPort.Admin => options.Admin.BindAddress,
        _ => options.Proxy.TlsPassthroughBindAddress,
    };
}
