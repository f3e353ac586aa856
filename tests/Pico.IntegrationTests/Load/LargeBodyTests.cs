using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Load;

/// <summary>Bodies of 1 GiB pass through processes whose memory stays flat.</summary>
[Collection(nameof(Alone))]
public sealed class LargeBodyTests
{
    private const long Gibibyte = 1L << 30;
    private const long WarmUp = 256L << 20;

    // A stream's window (at most 16 MiB), the buffers around it, and what the garbage collector has not yet given back.
    private const long AllowedMiB = 64;

    [Theory(Timeout = 180_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Download_OfOneGibibyte_ArrivesWholeWithFlatMemory(string version)
    {
        await using var service = await StartServiceAsync();
        await using var pico = await Deployment.StartAsync($"big/http://127.0.0.1:{service.Port}");
        Assert.Equal(WarmUp, await DownloadAsync(pico, version, WarmUp));

        await using var memory = MemoryWatch.Start(pico);
        Assert.Equal(Gibibyte, await DownloadAsync(pico, version, Gibibyte));

        memory.GrewAtMost(AllowedMiB);
    }

    [Theory(Timeout = 180_000)]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Upload_OfOneGibibyte_ArrivesWholeWithFlatMemory(string version)
    {
        await using var service = await StartServiceAsync();
        await using var pico = await Deployment.StartAsync($"big/http://127.0.0.1:{service.Port}");
        Assert.Equal($"{WarmUp}", await UploadAsync(pico, version, WarmUp));

        await using var memory = MemoryWatch.Start(pico);
        Assert.Equal($"{Gibibyte}", await UploadAsync(pico, version, Gibibyte));

        memory.GrewAtMost(AllowedMiB);
    }

    private static Task<WebService> StartServiceAsync() => WebService.StartAsync(app =>
    {
        app.MapGet("/{length:long}", (HttpContext context, long length) =>
        {
            context.Response.ContentLength = length;
            return Pattern.WriteAsync(context.Response.Body, length);
        });
        app.MapPut("/", async (HttpContext context) => await context.Response.WriteAsync($"{await Pattern.ReadAsync(context.Request.Body)}", context.RequestAborted));
    });

    private static async Task<long> DownloadAsync(Deployment pico, string version, long length)
    {
        long received = 0;
        var reply = await Curl.RunAsync(
            [version, "-H", "x-pico-endpoint: big", $"{pico.Proxy}{length}"], output: async stream => received = await Pattern.ReadAsync(stream));
        reply.Succeeded();
        return received;
    }

    private static async Task<string> UploadAsync(Deployment pico, string version, long length) => (await Curl.RunAsync(
        [version, "-H", "x-pico-endpoint: big", "-H", "Expect:", "-T", "-", pico.Proxy.ToString()],
        input: stream => Pattern.WriteAsync(stream, length))).Succeeded().Text;
}
