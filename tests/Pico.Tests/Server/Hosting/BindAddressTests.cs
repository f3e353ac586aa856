using Pico.Server.Hosting;

namespace Pico.Tests.Server.Hosting;

public sealed class BindAddressTests
{
    [Theory]
    [InlineData(":8000", "[::]:8000", true)]
    [InlineData("*:0", "[::]:0", true)]
    [InlineData("127.0.0.1:8000", "127.0.0.1:8000", false)]
    [InlineData("localhost:1", "127.0.0.1:1", false)]
    [InlineData("[::1]:65535", "[::1]:65535", false)]
    public void TryParse_Address_GivesWhereToListen(string text, string expected, bool isAny)
    {
        Assert.True(BindAddress.TryParse(text, out var address));
        Assert.Equal(expected, address.EndPoint.ToString());
        Assert.Equal(isAny, address.IsAny);
    }

    [Theory]
    [InlineData("")]
    [InlineData("8000")]
    [InlineData(":")]
    [InlineData(":65536")]
    [InlineData(":-1")]
    [InlineData(": 1")]
    [InlineData("::1:80")]
    [InlineData("[127.0.0.1]:80")]
    [InlineData("example.com:80")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(BindAddress.TryParse(text, out _));
}
