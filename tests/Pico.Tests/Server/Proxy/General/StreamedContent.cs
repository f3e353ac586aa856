using System.Net;

namespace Pico.Tests.Server.Proxy.General;

/// <summary>A body that is written as the test goes along. Unlike those of arrays, HttpClient reads the response meanwhile (HTTP/2).</summary>
internal sealed class StreamedContent(Func<Stream, Task> write) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => write(stream);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
