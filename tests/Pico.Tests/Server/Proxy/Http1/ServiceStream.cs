using System.Text;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Proxy.Http1;

/// <summary>A service's side of a stream: reads what it got, answers what the test says.</summary>
internal sealed class ServiceStream(TunnelStream stream, int number)
{
    private readonly ReceivedText _received = new(stream.Input, "stream", () => stream.Input.ReadAsync().AsTask());

    /// <summary>How many streams were opened before this one.</summary>
    public int Number { get; } = number;

    public Task<string> ReadToAsync(string end) => _received.ReadToAsync(end);

    public Task<string> ReadHeadAsync() => ReadToAsync("\r\n\r\n");

    public Task<string> ReadAsync(int length) => _received.ReadAsync(length);

    public Task<string> ReadToEndAsync() => _received.ReadToEndAsync();

    public async Task WriteAsync(string text) => await stream.WriteAsync(Encoding.Latin1.GetBytes(text));

    public void End() => stream.CompleteOutput();

    public void Reset() => stream.Abort(StreamError.ServiceReset);
}
