using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Cluster;

/// <summary>
/// What clients do, each through a node that is ready; a node that refuses the connection is left for another, as a load balancer does. Each method throws
/// unless everything was answered.
/// </summary>
internal sealed class Clients(ReadyNodes nodes, IReadOnlyList<ForwardProcess> forwards, TrafficLog log) : IDisposable
{
    private const int MessagesOfASession = 10;
    private const int LongestBody = 64 * 1024;

    // Sessions last for two seconds: less than any grace period.
    private static readonly TimeSpan BetweenMessages = TimeSpan.FromMilliseconds(200);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });

    /// <summary>One request to a path of an HTTP endpoint.</summary>
    public Task RequestAsync(string endpoint, string path, CancellationToken cancellationToken) => ThroughAnyAsync(async node =>
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(node.Proxy, path)) { Headers = { { "x-pico-endpoint", endpoint } } };
        using var response = await _http.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK || text != "ok")
            throw new IOException($"{node.Proxy.Host} answers {(int)response.StatusCode} {text}");
        log.Exchanged();
    });

    /// <summary>One request with a body, which must come back whole. It is sent once.</summary>
    public Task PostAsync(string endpoint, CancellationToken cancellationToken) => ThroughAnyAsync(async node =>
    {
        var body = new byte[Random.Shared.Next(LongestBody)];
        Random.Shared.NextBytes(body);
        using var request = new HttpRequestMessage(HttpMethod.Post, node.Proxy) { Headers = { { "x-pico-endpoint", endpoint } }, Content = new ByteArrayContent(body) };
        using var response = await _http.SendAsync(request, cancellationToken);
        var answer = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK || !answer.AsSpan().SequenceEqual(body))
            throw new IOException($"{node.Proxy.Host} answers {(int)response.StatusCode} to {body.Length} bytes: {answer.Length} bytes");
        log.Exchanged();
    });

    /// <summary>A WebSocket over which messages go and come for a while, and which is closed then.</summary>
    public async Task TalkAsync(string endpoint, CancellationToken cancellationToken)
    {
        using var socket = await ConnectAsync(endpoint, cancellationToken);
        var buffer = new byte[64];
        for (var i = 0; i < MessagesOfASession; i++)
        {
            var message = Encoding.ASCII.GetBytes($"message {i}");
            await socket.SendAsync(message, WebSocketMessageType.Text, true, cancellationToken);
            var received = await socket.ReceiveAsync(buffer, cancellationToken);
            if (!buffer.AsSpan(0, received.Count).SequenceEqual(message))
                throw new IOException($"message {i}: {received.MessageType} {Encoding.ASCII.GetString(buffer, 0, received.Count)} {socket.CloseStatus}");
            log.Exchanged();
            await Task.Delay(BetweenMessages, TimeProvider.System, cancellationToken);
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", cancellationToken);
    }

    /// <summary>A TCP connection through <c>pico forward</c> over which lines go and come for a while, and which ends then in both directions.</summary>
    public async Task ExchangeLinesAsync(CancellationToken cancellationToken)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, forwards[Random.Shared.Next(forwards.Count)].Port, cancellationToken);
        var stream = client.GetStream();
        var buffer = new byte[8];
        for (var i = 0; i < MessagesOfASession; i++)
        {
            var line = Encoding.ASCII.GetBytes($"line {i:00}\n");
            await stream.WriteAsync(line, cancellationToken);
            await stream.ReadExactlyAsync(buffer, cancellationToken);
            if (!buffer.AsSpan().SequenceEqual(line))
                throw new IOException($"line {i}: {Encoding.ASCII.GetString(buffer)}");
            log.Exchanged();
            await Task.Delay(BetweenMessages, TimeProvider.System, cancellationToken);
        }

        client.Client.Shutdown(SocketShutdown.Send);
        if (await stream.ReadAsync(buffer, cancellationToken) != 0)
            throw new IOException("more than was sent");
    }

    public void Dispose() => _http.Dispose();

    private async Task<ClientWebSocket> ConnectAsync(string endpoint, CancellationToken cancellationToken)
    {
        ClientWebSocket? connected = null;
        await ThroughAnyAsync(async node =>
        {
            var socket = new ClientWebSocket();
            socket.Options.SetRequestHeader("x-pico-endpoint", endpoint);
            try
            {
                await socket.ConnectAsync(new Uri($"ws://{node.Proxy.Authority}/socket"), _http, cancellationToken);
                connected = socket;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        });
        return connected!;
    }

    private async Task ThroughAnyAsync(Func<ServerProcess, Task> exchange)
    {
        while (true)
        {
            var node = nodes.Pick();
            try
            {
                await exchange(node);
                return;
            }
            catch (Exception e) when ((e as HttpRequestException ?? e.InnerException) is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError })
            {
                nodes.LeaveOut(node);
            }
        }
    }
}
