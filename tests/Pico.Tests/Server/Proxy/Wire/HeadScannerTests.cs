using Pico.Server.Proxy.Wire;

namespace Pico.Tests.Server.Proxy.Wire;

public sealed class HeadScannerTests
{
    [Fact]
    public void Head_InPiecesOfAnySize_IsFoundToItsEnd()
    {
        var head = Bytes.Of("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        var all = head.Concat(Bytes.Of("body\n")).ToArray();
        for (var piece = 1; piece <= all.Length; piece++)
        {
            var scanner = default(HeadScanner);
            var end = 0;
            HeadStatus status;
            int length;
            do
            {
                end = Math.Min(end + piece, all.Length);
                status = scanner.Scan(Bytes.Split(all.AsMemory(0, end), 3), 1000, out length);
            }
            while (status == HeadStatus.Incomplete && end < all.Length);

            Assert.Equal(HeadStatus.Complete, status);
            Assert.Equal(head.Length, length);
        }
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\n")]
    [InlineData("\n")]
    public void BareLineFeed_Anywhere_IsMalformedAtOnce(string head) =>
        Assert.Equal(HeadStatus.Malformed, default(HeadScanner).Scan(new(Bytes.Of(head)), 1000, out _));

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("GET /aaaaaaaaaaaaaaaaaaaaa")]
    public void Head_LongerThanAllowed_IsTooLarge(string head) =>
        Assert.Equal(HeadStatus.TooLarge, default(HeadScanner).Scan(new(Bytes.Of(head)), 20, out _));
}
