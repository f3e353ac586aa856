using System.Buffers;

namespace Pico.Server.Proxy.Http1Upstream;

/// <summary>
/// The bytes that a request to a service begins with: its head, and as much of its body as was there with it. Rented while the request may
/// have to be sent again, so that an idle connection holds none.
/// </summary>
internal sealed class HeadBuffer : IBufferWriter<byte>
{
    /// <summary>The usual size: most heads and many small bodies fit.</summary>
    public const int UsualSize = 4096;

    private byte[] _bytes = [];
    private int _count;

    /// <summary>What was written.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _count);

    /// <summary>How much can be written without growing.</summary>
    public int Free => _bytes.Length - _count;

    /// <summary>Begins anew, with room for at least <paramref name="size"/> bytes.</summary>
    public void Begin(int size)
    {
        Release();
        _bytes = ArrayPool<byte>.Shared.Rent(Math.Max(size, UsualSize));
    }

    /// <summary>Gives the memory back. Idempotent.</summary>
    public void Release()
    {
        _count = 0;
        if (_bytes.Length == 0)
            return;
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    /// <summary>Bytes that were written, to be written over.</summary>
    public Span<byte> At(int start, int length) => _bytes.AsSpan(0, _count).Slice(start, length);

    /// <summary>Appends <paramref name="bytes"/>.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > Free)
            Grow(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_count));
        _count += bytes.Length;
    }

    /// <inheritdoc/>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)Free);
        _count += count;
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (Free < Math.Max(sizeHint, 1))
            Grow(Math.Max(sizeHint, 1));
        return _bytes.AsMemory(_count);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    private void Grow(int more)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_count + more, _bytes.Length * 2));
        Written.Span.CopyTo(larger);
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
