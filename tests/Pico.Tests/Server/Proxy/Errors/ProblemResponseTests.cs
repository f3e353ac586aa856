using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Pico.Server.Proxy;
using Pico.Server.Proxy.Errors;

namespace Pico.Tests.Server.Proxy.Errors;

public sealed class ProblemResponseTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static TheoryData<string> Errors => [.. Enum.GetNames<ProxyError>().Where(n => n != nameof(ProxyError.None))];

    [Theory]
    [MemberData(nameof(Errors))]
    public void Http11_IsAWholeResponseWithProblemDetails(string name)
    {
        var error = Enum.Parse<ProxyError>(name);
        var (head, body) = Write(error, headOnly: false, close: false);

        Assert.StartsWith($"HTTP/1.1 {ProxyErrors.Status(error)} ", head, StringComparison.Ordinal);
        Assert.Contains($"\r\nx-pico-error: {ProxyErrors.Code(error)}\r\n", head, StringComparison.Ordinal);
        Assert.Contains($"\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n", head, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: application/problem+json\r\n", head, StringComparison.Ordinal);
        Assert.EndsWith("\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT", head, StringComparison.Ordinal);
        var json = JsonDocument.Parse(body).RootElement;
        Assert.Equal(ProxyErrors.Status(error), json.GetProperty("status").GetInt32());
        Assert.Equal(ProxyErrors.Code(error), json.GetProperty("code").GetString());
        Assert.NotEmpty(json.GetProperty("title").GetString()!);
        Assert.NotEmpty(json.GetProperty("detail").GetString()!);
    }

    [Fact]
    public void Http11_HeadRequest_HasNoBody()
    {
        var (head, body) = Write(ProxyError.NoAvailableUpstreams, headOnly: true, close: false);

        Assert.Empty(body);
        Assert.DoesNotContain("Connection", head, StringComparison.Ordinal);
    }

    [Fact]
    public void Http11_Closing_SaysSo() =>
        Assert.Contains("\r\nConnection: close\r\n", Write(ProxyError.BadRequest, headOnly: false, close: true).Head, StringComparison.Ordinal);

    [Fact]
    public async Task HttpContext_HasTheSameBodyAndHeaders()
    {
        var context = new DefaultHttpContext();
        var body = new MemoryStream();
        context.Response.Body = body;
        context.Response.Headers["x-from-before"] = "1";

        await ProblemResponse.WriteAsync(context, ProxyError.UpstreamTimeout);

        Assert.Equal(504, context.Response.StatusCode);
        Assert.Equal("upstream_timeout", context.Response.Headers["x-pico-error"]);
        Assert.Equal("application/problem+json", context.Response.ContentType);
        Assert.False(context.Response.Headers.ContainsKey("x-from-before"));
        Assert.Equal(Write(ProxyError.UpstreamTimeout, headOnly: false, close: false).Body, Encoding.UTF8.GetString(body.ToArray()));
    }

    private static (string Head, string Body) Write(ProxyError error, bool headOnly, bool close)
    {
        var output = new ArrayBufferWriter<byte>();
        ProblemResponse.WriteHttp11(output, error, headOnly, close, Now);
        var parts = Encoding.UTF8.GetString(output.WrittenSpan).Split("\r\n\r\n", 2);
        return (parts[0], parts[1]);
    }
}
