using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Pico.Server.Auth;

namespace Pico.Server.Proxy.Errors;

/// <summary>
/// Pico's own error responses: <c>application/problem+json</c> (RFC 9457) with <see cref="ProxyErrors.HeaderName"/>. Made once per error, then bytes; only
/// what refuses a token is made each time, for it says why.
/// </summary>
internal static class ProblemResponse
{
    private const string ContentType = "application/problem+json";

    /// <summary>Rates are whole numbers per second, so a second later there is room for one more at least.</summary>
    private const string RetryAfterSeconds = "1";

    private static readonly Prepared[] All = [.. Enum.GetValues<ProxyError>().Select(e => e == ProxyError.None ? default : new Prepared(e))];

    /// <summary>
    /// Writes a whole HTTP/1.1 response. <paramref name="headOnly"/>: the request was HEAD. <paramref name="close"/>: the connection ends after it.
    /// <paramref name="token"/>: what became of the client's token.
    /// </summary>
    public static void WriteHttp11(IBufferWriter<byte> output, ProxyError error, bool headOnly, bool close, DateTimeOffset now, in TokenResult token = default)
    {
        var prepared = Prepare(error, token);
        output.Write(prepared.Head.Span);
        if (close)
            output.Write("Connection: close\r\n"u8);
        output.Write("Date: "u8);
        var span = output.GetSpan(32);
        now.TryFormat(span, out var written, "R", CultureInfo.InvariantCulture);
        output.Advance(written);
        output.Write("\r\n\r\n"u8);
        if (!headOnly)
            output.Write(prepared.Body.Span);
    }

    /// <summary>Answers <paramref name="context"/> with <paramref name="error"/>. The response must not have begun.</summary>
    public static Task WriteAsync(HttpContext context, ProxyError error, in TokenResult token = default)
    {
        var prepared = Prepare(error, token);
        var response = context.Response;
        response.Clear();
        response.StatusCode = prepared.Status;
        response.ContentType = ContentType;
        response.ContentLength = prepared.Body.Length;
        response.Headers[ProxyErrors.HeaderName] = prepared.Code;
        response.Headers.WWWAuthenticate = prepared.Challenge;
        if (prepared.IsForNow)
            response.Headers.RetryAfter = RetryAfterSeconds;
        // Where a malformed request ends is not known, and what is too large is not read to its end.
        if (error is ProxyError.BadRequest or ProxyError.BodyTooLarge && !HttpProtocol.IsHttp2(context.Request.Protocol))
            response.Headers.Connection = "close";
        return HttpMethods.IsHead(context.Request.Method)
            ? response.CompleteAsync()
            : response.Body.WriteAsync(prepared.Body, context.RequestAborted).AsTask();
    }

    private static Prepared Prepare(ProxyError error, in TokenResult token) =>
        error is ProxyError.Unauthorized or ProxyError.TokenExpired && token.Reason is { Length: > 0 } ? new Prepared(error, token) : All[(int)error];

    private readonly struct Prepared
    {
        public readonly int Status;
        public readonly bool IsForNow;
        public readonly string Code;
        public readonly string? Challenge;
        public readonly ReadOnlyMemory<byte> Head;
        public readonly ReadOnlyMemory<byte> Body;

        public Prepared(ProxyError error, in TokenResult token = default)
        {
            Status = ProxyErrors.Status(error);
            Code = ProxyErrors.Code(error);
            Challenge = Status == StatusCodes.Status401Unauthorized ? AuthProblems.Challenge(token) : null;
            IsForNow = error is ProxyError.RateLimited or ProxyError.Overloaded;
            Body = WriteBody(error, Status, Code, string.IsNullOrEmpty(token.Reason) ? ProblemTexts.Detail(error) : token.Reason);

            var reason = Status == 499 ? "Client Closed Request" : ReasonPhrases.GetReasonPhrase(Status);
            Head = Encoding.ASCII.GetBytes(
                $"HTTP/1.1 {Status} {reason}\r\nContent-Type: {ContentType}\r\nContent-Length: {Body.Length}\r\n{ProxyErrors.HeaderName}: {Code}\r\n{(IsForNow ? $"Retry-After: {RetryAfterSeconds}\r\n" : "")}{(Challenge is null ? "" : $"WWW-Authenticate: {Challenge}\r\n")}");
        }

        private static ReadOnlyMemory<byte> WriteBody(ProxyError error, int status, string code, string detail)
        {
            var buffer = new ArrayBufferWriter<byte>();
            using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            {
                json.WriteStartObject();
                json.WriteString("title", ProblemTexts.Title(error));
                json.WriteNumber("status", status);
                json.WriteString("detail", detail);
                json.WriteString("code", code);
                json.WriteEndObject();
            }

            buffer.Write("\n"u8);
            return buffer.WrittenMemory;
        }
    }
}
