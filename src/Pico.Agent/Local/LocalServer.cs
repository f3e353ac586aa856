using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Pico.Agent.Net;

namespace Pico.Agent.Local;

/// <summary>What the agent's own port is asked: the path without the query, and whether by this host (for a pod: by the pod itself).</summary>
internal readonly record struct LocalRequest(string Path, bool IsLocal);

/// <summary>What the agent's own port answers.</summary>
internal readonly record struct LocalResponse(int Status, string ContentType, string Body);

/// <summary>
/// The agent's own port: HTTP/1.1, <c>GET</c> only, one request per connection, small bounds on everything. A few lines on a socket, because
/// every HTTP server of the framework costs an idle agent megabytes.
/// </summary>
internal sealed partial class LocalServer : IDisposable
{
    private const int MaxRequestHead = 8 * 1024;
    private const int MaxConnections = 32;
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(5);

    private readonly Socket _listener;
    private readonly Func<LocalRequest, CancellationToken, Task<LocalResponse?>> _answer;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>
    /// Listens from now on. <paramref name="answer"/> gives null for what there is not, and may take its time.
    /// Throws <see cref="SocketException"/> when the address is taken.
    /// </summary>
    public LocalServer(IPEndPoint address, Func<LocalRequest, CancellationToken, Task<LocalResponse?>> answer, TimeProvider time, ILogger logger)
    {
        _answer = answer;
        _time = time;
        _logger = logger;
        _listener = ListeningSocket.Listen(address);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndPoint!;

    /// <summary>Answers until <paramref name="stop"/>.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var connections = new SemaphoreSlim(MaxConnections);
        try
        {
            while (true)
            {
                await connections.WaitAsync(stop).ConfigureAwait(false);
                var socket = await ListeningSocket.AcceptAsync(_listener, _time, stop).ConfigureAwait(false);
                _ = ServeAsync(socket, connections, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // Asked for.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private async Task ServeAsync(Socket socket, SemaphoreSlim connections, CancellationToken stop)
    {
        using var owned = socket;
        try
        {
            var head = await InTimeAsync(token => ReadHeadAsync(socket, token), stop).ConfigureAwait(false);
            if (head is null)
                return;
            var response = await AnswerAsync(head, IsLocal(socket), stop).ConfigureAwait(false);
            await InTimeAsync(token => socket.SendAsync(Write(response), SocketFlags.None, token).AsTask(), stop).ConfigureAwait(false);
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e)
        {
            LogFailed(e.Message);
        }
        finally
        {
            // Once the port is closed nobody waits for it.
            if (!stop.IsCancellationRequested)
                connections.Release();
        }
    }

    private async Task<T> InTimeAsync<T>(Func<CancellationToken, Task<T>> exchange, CancellationToken stop)
    {
        using var timeout = new CancellationTokenSource(RequestTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        return await exchange(either.Token).ConfigureAwait(false);
    }

    private static bool IsLocal(Socket socket) =>
        socket.RemoteEndPoint is IPEndPoint remote && (IPAddress.IsLoopback(remote.Address) || remote.Address.Equals((socket.LocalEndPoint as IPEndPoint)?.Address));

    private static async Task<string?> ReadHeadAsync(Socket socket, CancellationToken cancellationToken)
    {
        var head = new byte[MaxRequestHead];
        for (var length = 0; length < head.Length;)
        {
            var received = await socket.ReceiveAsync(head.AsMemory(length), SocketFlags.None, cancellationToken).ConfigureAwait(false);
            if (received == 0)
                return null;
            length += received;
            if (head.AsSpan(0, length).IndexOf("\r\n\r\n"u8) >= 0)
                return Encoding.Latin1.GetString(head, 0, length);
        }

        return "";
    }

    /// <summary>RFC 9112 section 3: method, target, version; nothing else of the request matters here.</summary>
    private async Task<LocalResponse> AnswerAsync(string head, bool isLocal, CancellationToken stop)
    {
        var line = head.Split("\r\n", 2)[0].Split(' ');
        if (line.Length != 3 || !line[2].StartsWith("HTTP/1.", StringComparison.Ordinal))
            return Text(400, "bad request");
        if (line[0] != "GET")
            return Text(405, "only GET");
        // Kubelets before 1.26 put a slash before the path of a hook, which begins with one, and take any answer for the hook's success.
        var path = "/" + line[1].Split('?', 2)[0].TrimStart('/');
        return await _answer(new LocalRequest(path, isLocal), stop).ConfigureAwait(false)
            ?? Text(404, "there are /health, /ready, /metrics, /status and /drain");
    }

    internal static LocalResponse Text(int status, string body) => new(status, "text/plain; charset=utf-8", body + "\n");

    private static byte[] Write(LocalResponse response)
    {
        var body = Encoding.UTF8.GetBytes(response.Body);
        var head = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {response.Status} {Reason(response.Status)}\r\n")
            .Append(CultureInfo.InvariantCulture, $"Content-Type: {response.ContentType}\r\nContent-Length: {body.Length}\r\n")
            .Append(response.Status == 405 ? "Allow: GET\r\n" : "")
            .Append("Cache-Control: no-store\r\nConnection: close\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(head.ToString()), .. body];
    }

    private static string Reason(int status) => status switch
    {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        _ => "Service Unavailable",
    };

    [LoggerMessage(3501, LogLevel.Debug, "A request to the agent's own port failed: {Reason}")]
    private partial void LogFailed(string reason);
}
