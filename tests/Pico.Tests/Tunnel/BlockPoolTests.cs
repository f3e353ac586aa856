using Pico.Tunnel.Buffers;

namespace Pico.Tests.Tunnel;

public sealed class BlockPoolTests
{
    private const int Size = 64 * 1024;

    [Fact]
    public void Rent_AfterReturn_GivesTheLastThatCameBack()
    {
        var pool = new BlockPool(Size, maxKept: 2);
        var (first, second) = (pool.Rent(), pool.Rent());
        first.Dispose();
        second.Dispose();

        Assert.Same(second, pool.Rent());
        Assert.Same(first, pool.Rent());
    }

    [Fact]
    public void Return_BeyondTheBound_KeepsNoMore()
    {
        var pool = new BlockPool(Size, maxKept: 2);
        var blocks = Enumerable.Range(0, 5).Select(_ => pool.Rent()).ToArray();
        foreach (var block in blocks)
            block.Dispose();
        Assert.Equal(2, pool.Warm);

        // Those without memory count too.
        pool.Trim();
        Assert.Equal(2 * Size, pool.Trim());
        Assert.Equal(0, pool.Warm);
        blocks[4].Dispose();
        Assert.Equal(0, pool.Warm);
    }

    [Fact]
    public void Trim_TakesWhatNobodyNeededSinceTheLastOne()
    {
        var pool = new BlockPool(Size, maxKept: 10);
        ReturnAll(Enumerable.Range(0, 6).Select(_ => pool.Rent()).ToArray());
        Assert.Equal(0, pool.Trim()); // all of them were in use since
        ReturnAll([pool.Rent(), pool.Rent()]);

        Assert.Equal(4 * Size, pool.Trim());
        Assert.Equal(2, pool.Warm);
        Assert.Equal(2 * Size, pool.Trim());
        Assert.Equal(0, pool.Trim());
    }

    [Fact]
    public void Trim_GivesTheMemoryBack_AndTheBlocksCanBeUsedAgain()
    {
        var pool = new BlockPool(Size, maxKept: 4);
        var block = pool.Rent();
        block.Memory.Span.Fill(0xAB);
        block.Dispose();
        pool.Trim();
        pool.Trim();

        Assert.Same(block, pool.Rent());
        if (OperatingSystem.IsLinux())
            Assert.InRange(block.Memory.Span.Count((byte)0), Size - (2 * Environment.SystemPageSize), Size);
        block.Memory.Span.Fill(0xCD);
        GC.Collect();
        Assert.Equal(-1, block.Memory.Span.IndexOfAnyExcept((byte)0xCD));
    }

    [Fact]
    public async Task Trim_WhileOthersBorrow_LeavesThemTheirBytes()
    {
        var pool = new BlockPool(Size, maxKept: 8);
        using var done = new CancellationTokenSource();
        var trimming = Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
                pool.Trim();
        }, TestContext.Current.CancellationToken);
        await Parallel.ForAsync(0, 2000, TestContext.Current.CancellationToken, (i, _) =>
        {
            var (one, other) = (pool.Rent(), pool.Rent());
            one.Memory.Span.Fill((byte)i);
            other.Memory.Span.Fill((byte)(i + 1));
            Assert.Equal(-1, one.Memory.Span.IndexOfAnyExcept((byte)i));
            Assert.Equal(-1, other.Memory.Span.IndexOfAnyExcept((byte)(i + 1)));
            one.Dispose();
            other.Dispose();
            return ValueTask.CompletedTask;
        });
        await done.CancelAsync();
        await trimming;
    }

    private static void ReturnAll(Block[] blocks)
    {
        foreach (var block in blocks)
            block.Dispose();
    }
}
