using System.Net;
using System.Net.Sockets;
using System.Text;
using Pico.Agent.Net;
using Pico.Configuration.Commands;

namespace Pico.Agent.Commands;

/// <summary><c>drain</c>: asks the agent on this host (in this pod) to drain, and waits.</summary>
public static class DrainVerb
{
    // "HTTP/1.1 200"
    private const int StatusLineStart = 12;

    /// <summary>Makes the verb for <paramref name="program"/>.</summary>
    public static Verb Create(string program) => new Verb<DrainSettings>(
        new VerbText
        {
            Name = "drain",
            Summary = "Let the agent on this host finish, and wait until it has.",
            Details =
                "Asks a running agent, at its own port, to withdraw its endpoints and to let requests in flight finish, and returns when that is done: what a preStop "
                + "hook needs. The agent then waits to be stopped; after a minute it ends by itself.",
            Examples =
            [
                ("In a container whose agent has --bind-addr :8004, or PICO_BIND_ADDR", $"{program} drain"),
                ("An agent on another port, with patience for a minute", $"{program} drain --bind-addr :9004 --timeout 1m"),
            ],
            Docs = "docs/kubernetes.md, docs/configuration.md",
        },
        DrainSettings.Definitions,
        RunAsync);

    private static async Task<int> RunAsync(DrainSettings settings, VerbContext context)
    {
        if (!BindAddressParser.TryParse(settings.BindAddress, out var address))
            return context.Fail($"\"{settings.BindAddress}\" is no address: give [host]:port", ExitCode.Usage);
        if (address.Address.Equals(IPAddress.IPv6Any) || address.Address.Equals(IPAddress.Any))
            address.Address = IPAddress.Loopback;
        using var timeout = new CancellationTokenSource(settings.Timeout, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, context.Stopping);
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(address, either.Token).ConfigureAwait(false);
            await socket.SendAsync(Encoding.ASCII.GetBytes($"GET /drain HTTP/1.1\r\nHost: {address}\r\n\r\n"), either.Token).ConfigureAwait(false);
            var head = await ReadAsync(socket, either.Token).ConfigureAwait(false);
            return head.EndsWith(" 200", StringComparison.Ordinal) ? ExitCode.Clean : context.Fail($"the agent at {address} answered {head}");
        }
        catch (SocketException e)
        {
            return context.Fail($"the agent at {address} (--bind-addr) is not reached: {e.Message}");
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            return context.Fail($"the agent at {address} has not drained within {settings.Timeout.TotalSeconds} s");
        }
    }

    private static async Task<string> ReadAsync(Socket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[StatusLineStart];
        var length = 0;
        while (length < buffer.Length)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
            if (received == 0)
                return "nothing";
            length += received;
        }

        return Encoding.ASCII.GetString(buffer);
    }
}
