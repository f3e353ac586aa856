using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Pico.Agent.Net;
using Pico.Cli.Settings;

namespace Pico.Cli.Status.Checking;

/// <summary>The first steps of a request: (1) the name of the proxy port's host, (2) a connection, (3) TLS.</summary>
internal sealed class ProxyDoor(StatusCheckSettings settings, TimeProvider time)
{
    private readonly Uri _proxy = new(settings.Proxy);

    public async IAsyncEnumerable<Finding> LookAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (name, addresses) = await ResolveAsync(cancellationToken); // 1.
        yield return name;
        if (addresses.Length == 0)
            yield break;

        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        var connection = await ConnectAsync(socket, addresses, cancellationToken); // 2.
        yield return connection;
        if (connection.Verdict != Verdict.Broken && _proxy.Scheme == Uri.UriSchemeHttps)
            yield return await AuthenticateAsync(socket, cancellationToken); // 3.
    }

    private async Task<(Finding Finding, IPAddress[] Addresses)> ResolveAsync(CancellationToken cancellationToken)
    {
        const string step = "address";
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(_proxy.IdnHost.Trim('[', ']'), cancellationToken).WaitAsync(settings.Admin.Timeout, time, cancellationToken);
            return (Finding.Good(step, $"{_proxy.Host} is {string.Join(", ", addresses.Select(a => a.ToString()))}"), addresses);
        }
        catch (SocketException e)
        {
            return (Finding.Broken(step, $"the name {_proxy.Host} is not known: {e.Message}", "Correct --proxy, or the DNS record of the server or its load balancer."), []);
        }
        catch (TimeoutException)
        {
            return (Finding.Broken(step, $"nobody said within {settings.Admin.Timeout.TotalSeconds} s where {_proxy.Host} is", "See whether this machine's DNS server can be reached."), []);
        }
    }

    private async Task<Finding> ConnectAsync(Socket socket, IPAddress[] addresses, CancellationToken cancellationToken)
    {
        const string step = "connection";
        using var timeout = new CancellationTokenSource(settings.Admin.Timeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            var start = time.GetTimestamp();
            await socket.ConnectAsync(addresses, _proxy.Port, deadline.Token);
            var peer = (IPEndPoint)socket.RemoteEndPoint!;
            if (peer.Address.IsIPv4MappedToIPv6)
                peer.Address = peer.Address.MapToIPv4();
            return Finding.Good(step, $"{peer} accepted after {ConsoleText.Figure(time.GetElapsedTime(start).TotalMilliseconds)} ms");
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return Finding.Broken(step, $"nothing listens at {_proxy.Host} on port {_proxy.Port}: {e.Message}", "Start the server, or give with --proxy the port that it has in proxy.bind-addr, or that its Service or load balancer has.");
        }
        catch (SocketException e)
        {
            return Finding.Broken(step, $"{_proxy.Host}, port {_proxy.Port} cannot be reached: {e.Message}", "See the network between: routes, firewalls, network policies.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Finding.Broken(step, $"{_proxy.Host}, port {_proxy.Port} did not accept within {settings.Admin.Timeout.TotalSeconds} s", "See the network between: a firewall drops what is not allowed without a word.");
        }
    }

    private async Task<Finding> AuthenticateAsync(Socket socket, CancellationToken cancellationToken)
    {
        const string step = "TLS";
        using var timeout = new CancellationTokenSource(settings.Admin.Timeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            await using var tls = await TlsClient.AuthenticateAsync(new NetworkStream(socket), _proxy.IdnHost, settings.Admin.ServerTls, deadline.Token);
            return Finding.Good(step, $"{tls.SslProtocol}, certificate of {tls.RemoteCertificate?.Subject}");
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            return Finding.Broken(
                step, (e.InnerException ?? e).Message,
                "If the port does not speak TLS (proxy.tls.*), begin --proxy with http://. If the certificate is not trusted, give its authority with --server-tls.ca-file; if it is of another name, that with --server-tls.server-name.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Finding.Broken(step, $"no TLS handshake within {settings.Admin.Timeout.TotalSeconds} s", "If the port does not speak TLS (proxy.tls.*), begin --proxy with http://.");
        }
    }
}
