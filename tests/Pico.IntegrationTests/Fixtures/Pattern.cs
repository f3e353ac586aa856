namespace Pico.IntegrationTests.Fixtures;

/// <summary>
/// A body of any length that needs no memory: the same block again and again, of a length that divides no buffer, so that a byte lost,
/// doubled or moved shows. Making and checking it runs at memory speed.
/// </summary>
internal sealed class Pattern
{
    private const int Period = 1_000_003;

    private static readonly byte[] Block = MakeBlock();

    private int _phase;

    /// <summary>How many bytes were checked or made.</summary>
    public long Position { get; private set; }

    /// <summary>The next bytes of the body, at most <paramref name="max"/>.</summary>
    public ReadOnlyMemory<byte> Next(long max)
    {
        var count = (int)Math.Min(Math.Min(max, 256 * 1024), Period - _phase);
        var memory = Block.AsMemory(_phase, count);
        Advance(count);
        return memory;
    }

    /// <summary>Fails if <paramref name="bytes"/> are not what comes next in the body.</summary>
    public void Check(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var count = Math.Min(bytes.Length, Period - _phase);
            if (!bytes[..count].SequenceEqual(Block.AsSpan(_phase, count)))
                Assert.Fail($"The body differs within {count} bytes from {Position}.");
            Advance(count);
            bytes = bytes[count..];
        }
    }

    /// <summary>Writes <paramref name="length"/> bytes of the body.</summary>
    public static async Task WriteAsync(Stream stream, long length)
    {
        var pattern = new Pattern();
        while (pattern.Position < length)
            await stream.WriteAsync(pattern.Next(length - pattern.Position), TestContext.Current.CancellationToken);
    }

    /// <summary>Reads to the end, checks every byte, and gives how many there were.</summary>
    public static async Task<long> ReadAsync(Stream stream)
    {
        var pattern = new Pattern();
        var buffer = new byte[256 * 1024];
        int read;
        while ((read = await stream.ReadAsync(buffer, TestContext.Current.CancellationToken)) > 0)
            pattern.Check(buffer.AsSpan(0, read));
        return pattern.Position;
    }

    private static byte[] MakeBlock()
    {
        var block = new byte[Period];
        new Random(1).NextBytes(block);
        return block;
    }

    private void Advance(int count)
    {
        Position += count;
        _phase = (_phase + count) % Period;
    }
}
