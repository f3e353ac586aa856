using System.IO.Pipelines;
using System.Text;

namespace Pico.Tests.Server.Proxy.Http1;

/// <summary>What came over one direction of a connection or stream, taken as text piece by piece.</summary>
internal sealed class ReceivedText(PipeReader input, string what, Func<Task<ReadResult>> read)
{
    private string _received = "";

    /// <summary>Reads until <paramref name="end"/> has come, and gives everything up to it; throws if the input ends or breaks before.</summary>
    public async Task<string> ReadToAsync(string end)
    {
        int at;
        var open = true;
        while ((at = _received.IndexOf(end, StringComparison.Ordinal)) < 0)
        {
            if (!open)
                throw new EndOfStreamException($"Before '{end}' came, the {what} ended after '{_received}'.");
            open = await ReceiveAsync();
        }

        return Take(at + end.Length);
    }

    public async Task<string> ReadAsync(int length)
    {
        var open = true;
        while (_received.Length < length)
        {
            if (!open)
                throw new EndOfStreamException($"The {what} ended after '{_received}'.");
            open = await ReceiveAsync();
        }

        return Take(length);
    }

    /// <summary>Everything until the other side closes; throws if the input breaks.</summary>
    public async Task<string> ReadToEndAsync()
    {
        while (await ReceiveAsync())
        {
        }

        return Take(_received.Length);
    }

    private string Take(int length)
    {
        var text = _received[..length];
        _received = _received[length..];
        return text;
    }

    private async Task<bool> ReceiveAsync()
    {
        var result = await read();
        _received += Encoding.Latin1.GetString(result.Buffer);
        input.AdvanceTo(result.Buffer.End);
        return !result.IsCompleted;
    }
}
