using Pico.Tunnel;

namespace Pico.Tests.Tunnel;

/// <summary>A peer that is only bytes: gives a script to the reader, piece by piece, then waits or closes; swallows or blocks what is sent.</summary>
internal sealed class ScriptedTransport(byte[] script, int piece, bool blockSends = false) : TunnelTransport
{
    private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _position;
    private int _sends;

    public override string RemoteAddress => "script";

    /// <summary>How often the script is given again from <see cref="RepeatFrom"/> on, for floods.</summary>
    public int Repeats { get; set; }

    public int RepeatFrom { get; init; }

    /// <summary>How much was taken of the script, repeats included.</summary>
    public long Given { get; private set; }

    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        if (_aborted.Task.IsCompleted)
            throw new IOException("aborted");
        if (_position == script.Length && Repeats > 0)
        {
            Repeats--;
            _position = RepeatFrom;
        }

        var count = Math.Min(Math.Min(piece, buffer.Length), script.Length - _position);
        script.AsSpan(_position, count).CopyTo(buffer.Span);
        _position += count;
        Given += count;
        return ValueTask.FromResult(count);
    }

    public override async ValueTask SendAsync(Memory<byte> batch)
    {
        // HELLO passes, then the peer reads no more.
        if (blockSends && _sends++ > 0)
            await _aborted.Task;
        if (_aborted.Task.IsCompleted)
            throw new IOException("aborted");
    }

    public override ValueTask CloseAsync(TimeSpan deadline) => ValueTask.CompletedTask;

    public override void Abort() => _aborted.TrySetResult();

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
