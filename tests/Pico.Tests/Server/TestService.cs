using System.Text;
using Pico.Tunnel;

namespace Pico.Tests.Server;

/// <summary>HTTP services behind a tunnel's stream, just enough for one test each.</summary>
internal static class TestService
{
    /// <summary>Reads a request's head, or null when the stream ends before.</summary>
    public static async Task<string?> ReadHeadAsync(TunnelStream stream)
    {
        while (true)
        {
            var result = await stream.Input.ReadAsync();
            var text = Encoding.Latin1.GetString(System.Buffers.BuffersExtensions.ToArray(result.Buffer));
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                stream.Input.AdvanceTo(result.Buffer.GetPosition(end + 4));
                return text[..end];
            }

            stream.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted)
                return null;
        }
    }

    /// <summary>Answers each request with <paramref name="body"/>, after <paramref name="before"/> has completed.</summary>
    public static Func<TunnelStream, Task> Answering(string body, Func<Task>? before = null) => async stream =>
    {
        await using (stream)
        {
            while (await ReadHeadAsync(stream) is not null)
            {
                if (before is not null)
                    await before();
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
            }
        }
    };
}
