using System.Text;
using Pico.Gossip.State;

namespace Pico.Tests.Gossip;

/// <summary>The log of a member's values: against a dictionary, over many random changes.</summary>
public sealed class KeyValueLogTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Log_AfterRandomChanges_HoldsWhatADictionaryHolds(int seed)
    {
        var random = new Random(seed);
        var log = new KeyValueLog();
        var model = new Dictionary<string, string>();
        for (var version = 1L; version <= 20_000; version++)
        {
            var key = "key-" + random.Next(500);
            if (random.Next(3) == 0)
            {
                log.Remove(version, Utf8(key));
                model.Remove(key);
            }
            else
            {
                var value = new string('v', random.Next(20));
                log.Set(version, Utf8(key), Utf8(value));
                model[key] = value;
            }

            if (random.Next(1000) == 0)
                log.DropTombstones(version - random.Next(500));
        }

        Assert.Equal(model.Count, log.Count);
        foreach (var (key, value) in model)
            Assert.True(log.TryGet(Utf8(key), out var found) && Encoding.UTF8.GetString(found) == value);
        Assert.Equal(Enumerable.Range(0, log.Length).Select(log.VersionAt).Order(), Enumerable.Range(0, log.Length).Select(log.VersionAt));
        Assert.Equal(log.Tombstones, Enumerable.Range(0, log.Length).Count(log.IsTombstone));
    }

    [Fact]
    public void PositionAfter_AnyVersion_IsTheFirstChangeBehindIt()
    {
        var log = new KeyValueLog();
        log.Set(3, "a"u8, "1"u8);
        log.Set(7, "b"u8, "1"u8);

        Assert.Equal(0, log.PositionAfter(0));
        Assert.Equal(1, log.PositionAfter(3));
        Assert.Equal(1, log.PositionAfter(6));
        Assert.Equal(2, log.PositionAfter(7));
    }

    [Fact]
    public void DropTombstones_UpToAVersion_ForgetsThoseOnlyAndKeepsLiveValues()
    {
        var log = new KeyValueLog();
        log.Set(1, "kept"u8, "1"u8);
        log.Set(2, "gone"u8, "1"u8);
        log.Remove(3, "gone"u8);
        log.Set(4, "late"u8, "1"u8);
        log.Remove(5, "late"u8);

        log.DropTombstones(3);

        Assert.Equal((1, 1, 3), (log.Count, log.Tombstones, log.Horizon));
        Assert.True(log.Contains("kept"u8));
        Assert.False(log.Contains("late"u8));
    }

    [Fact]
    public void TenThousandKeys_TakeLessThanFiftyBytesEachBesidesTheirOwn()
    {
        var log = new KeyValueLog();
        for (var i = 1; i <= 10_000; i++)
            log.Set(i, Utf8($"some-endpoint-{i}"), "1234"u8);

        Assert.InRange((log.AllocatedBytes - log.PayloadBytes) / 10_000.0, 0, 50);
    }

    [Fact]
    public void OneKey_SetAMillionTimes_TakesNoMoreThanAFew()
    {
        var log = new KeyValueLog();
        for (var i = 1; i <= 1_000_000; i++)
            log.Set(i, "key"u8, "value"u8);

        Assert.Equal(1, log.Count);
        Assert.InRange(log.AllocatedBytes, 0, 4096);
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
