using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Pico.Server.Admin.Streaming;

/// <summary>
/// A response of server-sent events (HTML Living Standard, section 9.2). A reader that does not take a message in <see cref="Patience"/> is dropped: no more than that one message
/// is ever kept for it.
/// </summary>
internal sealed class EventStream(HttpContext context, TimeProvider time)
{
    /// <summary>The media type.</summary>
    public const string MediaType = "text/event-stream";

    /// <summary>How long a reader may take for a message.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>When nothing is said for so long, that is said: proxies between close what is silent.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>True if the client asks for a stream.</summary>
    public static bool IsWanted(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Headers.Accept.ToString().Contains(MediaType, StringComparison.OrdinalIgnoreCase);

    /// <summary>Begins the response.</summary>
    public Task BeginAsync(CancellationToken cancellationToken)
    {
        context.Response.ContentType = MediaType;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no"; // nginx would collect it
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        return SendAsync("retry: 2000\n\n", default, "", cancellationToken);
    }

    /// <summary>Sends a message; <paramref name="line"/> is JSON without line breaks.</summary>
    public Task SendAsync(string name, string? id, ReadOnlyMemory<byte> line, CancellationToken cancellationToken) =>
        SendAsync(id is null ? $"event: {name}\ndata: " : $"id: {id}\nevent: {name}\ndata: ", line, "\n\n", cancellationToken);

    /// <summary>Says that there is nothing to say.</summary>
    public Task BeatAsync(CancellationToken cancellationToken) => SendAsync(":\n\n", default, "", cancellationToken);

    private async Task SendAsync(string before, ReadOnlyMemory<byte> line, string after, CancellationToken cancellationToken)
    {
        var body = context.Response.BodyWriter;
        Encoding.UTF8.GetBytes(before, body);
        System.Buffers.BuffersExtensions.Write(body, line.Span);
        Encoding.UTF8.GetBytes(after, body);
        try
        {
            await body.FlushAsync(cancellationToken).AsTask().WaitAsync(Patience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            context.Abort();
            throw new OperationCanceledException($"The reader took no message in {Patience.TotalSeconds:0} s.");
        }
    }
}
