using Pico.Tunnel;

namespace Pico.Tests.Tunnel;

/// <summary>Tells by which thread it is asked to send, and how many bytes.</summary>
internal sealed class ObservedTransport(TunnelTransport inner) : TunnelTransport
{
    private volatile Action<int, int>? _sending;

    /// <summary>Called with the thread's number and the length of the batch.</summary>
    public Action<int, int>? Sending { get => _sending; set => _sending = value; }

    public override string RemoteAddress => inner.RemoteAddress;

    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => inner.ReceiveAsync(buffer);

    public override ValueTask SendAsync(Memory<byte> batch)
    {
        Sending?.Invoke(Environment.CurrentManagedThreadId, batch.Length - Headroom);
        return inner.SendAsync(batch);
    }

    public override ValueTask CloseAsync(TimeSpan deadline) => inner.CloseAsync(deadline);

    public override void Abort() => inner.Abort();

    public override ValueTask DisposeAsync() => inner.DisposeAsync();
}
