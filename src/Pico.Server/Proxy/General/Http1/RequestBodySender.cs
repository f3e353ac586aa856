using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Pico.Server.Observing;
using Pico.Server.Proxy.Wire;
using Pico.Tunnel;

namespace Pico.Server.Proxy.General.Http1;

/// <summary>Streams a request's body to an HTTP/1.1 service while its response is read.</summary>
internal static class RequestBodySender
{
    private static readonly byte[] CrLf = [.. "\r\n"u8];

    /// <summary>
    /// Sends the body; true when all of it was sent. A fault of the client's fails <paramref name="clock"/>. That the service takes no more
    /// does not: it may well answer nevertheless. Never throws.
    /// </summary>
    public static async Task<bool> SendAsync(HttpContext context, TunnelStream stream, RequestFraming framing, ExchangeClock clock, RequestWatch? watch)
    {
        try
        {
            await SendPiecesAsync(context.Request.BodyReader, stream, framing, clock, watch);
            if (framing == RequestFraming.Chunked)
                await stream.WriteAsync(LastChunk(context.Request), clock.Token);
            clock.RequestSent();
            return true;
        }
        catch (StreamException)
        {
            clock.RequestSent();
        }
        catch (BadHttpRequestException exception)
        {
            clock.Fail(exception.StatusCode == StatusCodes.Status413PayloadTooLarge ? ProxyError.BodyTooLarge : ProxyError.BadRequest);
        }
        catch (Exception)
        {
            // Cancelled by the clock, which knows why; else the client's connection broke.
            clock.Fail(ProxyError.ClientGone);
        }

        return false;
    }

    private static async Task SendPiecesAsync(PipeReader body, TunnelStream stream, RequestFraming framing, ExchangeClock clock, RequestWatch? watch)
    {
        var size = new ArrayBufferWriter<byte>(16);
        while (true)
        {
            clock.WaitsForClient = true;
            var result = await body.ReadAsync(clock.Token);
            clock.WaitsForClient = false;
            clock.Touch();
            watch?.AddIn(result.Buffer.Length);
            try
            {
                if (framing == RequestFraming.Chunked && !result.Buffer.IsEmpty)
                    await SendChunkAsync(stream, result.Buffer, size, clock.Token);
                else
                    await stream.WriteAsync(result.Buffer, clock.Token);
            }
            finally
            {
                body.AdvanceTo(result.Buffer.End);
            }

            clock.Touch();
            if (result.IsCompleted)
                return;
        }
    }

    private static async ValueTask SendChunkAsync(TunnelStream stream, ReadOnlySequence<byte> data, ArrayBufferWriter<byte> size, CancellationToken cancellationToken)
    {
        size.ResetWrittenCount();
        data.Length.TryFormat(size.GetSpan(16), out var written, "x");
        size.Advance(written);
        size.EndLine();
        await stream.WriteAsync(size.WrittenMemory, cancellationToken);
        await stream.WriteAsync(data, cancellationToken);
        await stream.WriteAsync(CrLf, cancellationToken);
    }

    /// <summary>The end of a chunked body, with the client's trailers. Those that could pass for framing or routing are left out.</summary>
    private static ReadOnlyMemory<byte> LastChunk(HttpRequest request)
    {
        var output = new ArrayBufferWriter<byte>(64);
        output.Write("0\r\n"u8);
        if (request.SupportsTrailers() && request.CheckTrailersAvailable())
        {
            foreach (var (name, values) in request.HttpContext.Features.GetRequiredFeature<IHttpRequestTrailersFeature>().Trailers)
            {
                if (KnownHeaders.Identify(Encoding.Latin1.GetBytes(name)) is not (KnownHeader.Other or KnownHeader.Date))
                    continue;
                foreach (var value in values)
                    WriteTrailer(output, name, value ?? "");
            }
        }

        output.EndLine();
        return output.WrittenMemory;
    }

    private static void WriteTrailer(ArrayBufferWriter<byte> output, string name, string value)
    {
        var line = new ArrayBufferWriter<byte>(name.Length + value.Length + 4);
        if (line.TryWriteField(name, value))
            output.Write(line.WrittenSpan);
    }
}
