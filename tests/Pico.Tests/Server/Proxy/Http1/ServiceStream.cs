using System.Text;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Proxy.Http1;

/// <summary>A service's side of a stream: reads what it got, answers what the test says.</summary>
internal sealed class ServiceStream(TunnelStream stream, int number)
{
    private string _received = "";

    /// <summary>How many streams were opened before this one.</summary>
    public int Number { get; } = number;

    public async Task<string> ReadToAsync(string end)
    {
        int at;
        var open = true;
        while ((at = _received.IndexOf(end, StringComparison.Ordinal)) < 0)
        {
            if (!open)
                throw new EndOfStreamException($"Before '{end}' came, the stream ended after '{_received}'.");
            open = await ReceiveAsync();
        }

        return Take(at + end.Length);
    }

    public Task<string> ReadHeadAsync() => ReadToAsync("\r\n\r\n");

    public async Task<string> ReadAsync(int length)
    {
        var open = true;
        while (_received.Length < length)
        {
            if (!open)
                throw new EndOfStreamException($"The stream ended after '{_received}'.");
            open = await ReceiveAsync();
        }

        return Take(length);
    }

    public async Task<string> ReadToEndAsync()
    {
        while (await ReceiveAsync())
        {
        }

        return Take(_received.Length);
    }

    public async Task WriteAsync(string text) => await stream.WriteAsync(Encoding.Latin1.GetBytes(text));

    public void End() => stream.CompleteOutput();

    public void Reset() => stream.Abort(StreamError.ServiceReset);

    private string Take(int length)
    {
        var text = _received[..length];
        _received = _received[length..];
        return text;
    }

    private async Task<bool> ReceiveAsync()
    {
        var read = await stream.Input.ReadAsync();
        _received += Encoding.Latin1.GetString(read.Buffer);
        stream.Input.AdvanceTo(read.Buffer.End);
        return !read.IsCompleted;
    }
}
