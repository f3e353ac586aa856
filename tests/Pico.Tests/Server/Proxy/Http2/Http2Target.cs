using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Proxy.Http2;

/// <summary>
/// A server on real ports, and behind it the endpoint <c>orders</c>: an HTTP/1.1 service that keeps every byte it gets, answers each request once it is whole,
/// and never takes a second one on a stream.
/// </summary>
public sealed class Http2Target : IAsyncLifetime
{
    private readonly ConcurrentQueue<StringBuilder> _streams = new();
    private TestServer _server = null!;
    private TestAgent _agent = null!;

    /// <summary>The endpoint <c>slow</c> never answers before this completes.</summary>
    public TaskCompletionSource Slow { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How many streams the service was given.</summary>
    public int Streams => _streams.Count;

    internal TestServer Server => _server;

    internal IPEndPoint Address => _server.Server.ProxyAddress;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _agent = await TestAgent.ConnectAsync(_server.Server.UpstreamAddress, serve: ServeAsync);
        Assert.Null(await _agent.RegisterAsync("orders", EndpointProtocol.Http));
        Assert.Null(await _agent.RegisterAsync("slow", EndpointProtocol.Http));
    }

    /// <summary>What the service got in each stream since it had <paramref name="before"/> of them.</summary>
    public string[] Seen(int before) => [.. _streams.Skip(before).Select(s =>
    {
        lock (s)
            return s.ToString();
    })];

    public async ValueTask DisposeAsync()
    {
        Slow.TrySetResult();
        await _agent.DisposeAsync();
        await _server.DisposeAsync();
    }

    private async Task ServeAsync(TunnelStream stream)
    {
        var seen = new StringBuilder();
        _streams.Enqueue(seen);
        try
        {
            await using (stream)
            {
                while (!IsWhole(seen))
                {
                    var result = await stream.Input.ReadAsync();
                    lock (seen)
                        seen.Append(Encoding.Latin1.GetString(System.Buffers.BuffersExtensions.ToArray(result.Buffer)));
                    stream.Input.AdvanceTo(result.Buffer.End);
                    if (result.IsCompleted)
                        return;
                }

                if (seen.ToString().Contains("\r\nHost: slow.", StringComparison.Ordinal))
                    await Slow.Task;
                await stream.WriteAsync("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"u8.ToArray());
                stream.CompleteOutput();
            }
        }
        catch (StreamException)
        {
            // The client went away.
        }
    }

    private static bool IsWhole(StringBuilder seen)
    {
        var text = seen.ToString();
        var head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        if (head < 4)
            return false;
        var length = text.IndexOf("Content-Length: ", StringComparison.Ordinal);
        if (length >= 0)
            return text.Length - head >= int.Parse(text[(length + 16)..text.IndexOf('\r', length)]);
        return !text.Contains("Transfer-Encoding: chunked", StringComparison.Ordinal) || IsWholeChunked(text, head);
    }

    private static bool IsWholeChunked(string text, int position)
    {
        while (true)
        {
            var end = text.IndexOf("\r\n", position, StringComparison.Ordinal);
            if (end < 0)
                return false;
            var size = Convert.ToInt32(text[position..end], 16);
            if (size == 0)
                return text.EndsWith("\r\n\r\n", StringComparison.Ordinal);
            position = end + 2 + size + 2;
            if (position > text.Length)
                return false;
        }
    }
}
