using Pico.Configuration.Types;

namespace Pico.Tests.Configuration;

public sealed class OptionTypeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("250ms", 250)]
    [InlineData("30s", 30_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("1d2h3m4s5ms", 93_784_005)]
    public void Duration_InItsShortestForm_ReadsAndWritesTheSame(string text, long milliseconds)
    {
        var type = OptionTypes.Duration(TimeSpan.Zero);

        Assert.True(type.TryParse(text, out var value));
        Assert.Equal(milliseconds, value.TotalMilliseconds);
        Assert.Equal(text, type.Format(value));
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("1000", 1000)]
    [InlineData("64KiB", 65536)]
    [InlineData("16MiB", 16 * 1024 * 1024)]
    [InlineData("1GiB", 1024 * 1024 * 1024)]
    public void Size_InItsShortestForm_ReadsAndWritesTheSame(string text, long bytes)
    {
        var type = OptionTypes.Size(0, long.MaxValue);

        Assert.True(type.TryParse(text, out var value));
        Assert.Equal(bytes, value);
        Assert.Equal(text, type.Format(value));
    }

    [Theory]
    [InlineData(":0")]
    [InlineData(":65535")]
    [InlineData("localhost:80")]
    [InlineData("127.0.0.1:80")]
    [InlineData("[::1]:80")]
    public void Address_ThatCanBeListenedOn_IsAllowed(string text) => Assert.True(OptionTypes.Address.TryParse(text, out _));

    [Theory]
    [InlineData("http://host:8003", true)]
    [InlineData("https://[::1]:8003/prefix", true)]
    [InlineData("ws://host:8003", false)]
    [InlineData("host:8003", false)]
    [InlineData("http://user@host", false)]
    public void Url_WithOneOfTheSchemes_IsAllowed(string text, bool allowed) => Assert.Equal(allowed, OptionTypes.Url("http", "https").TryParse(text, out _));
}
