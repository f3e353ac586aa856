using Pico.Server.Proxy.Wire;

namespace Pico.Tests.Server.Proxy.Wire;

public sealed class ChunkedScannerTests
{
    [Theory]
    [InlineData("0\r\n\r\n", "")]
    [InlineData("5\r\nhello\r\n0\r\n\r\n", "hello")]
    [InlineData("5;a=b\r\nhello\r\nA;x=\"y;z\"\r\n0123456789\r\n000\r\n\r\n", "hello0123456789")]
    [InlineData("1 ;a\r\n\n\r\n2\r\n\r\n\r\n0\r\n\r\n", "\n\r\n")]
    [InlineData("a\r\n0123456789\r\n0;last\r\nDigest: x=1\r\nX-Other:\r\n\r\n", "0123456789")]
    public void Body_InPiecesOfAnySize_IsFollowedToItsEndAndNoFurther(string body, string data)
    {
        var all = Bytes.Of(body + "GET /next");
        for (var piece = 1; piece <= all.Length; piece++)
        {
            for (var segment = 1; segment <= piece; segment++)
            {
                Assert.Equal(body.Length, Follow(all, piece, segment, out var status));
                Assert.Equal(ChunkedStatus.Complete, status);
                Assert.Equal(data, Data(all, piece, segment));
            }
        }
    }

    [Theory]
    [InlineData("\r\nhello")] // no size
    [InlineData("g\r\n")]
    [InlineData(" 5\r\nhello\r\n")]
    [InlineData("+5\r\nhello\r\n")]
    [InlineData("-5\r\nhello\r\n")]
    [InlineData("0x5\r\nhello\r\n")]
    [InlineData("5 \r\nhello\r\n")]
    [InlineData("5 5\r\nhello\r\n")]
    [InlineData("5\nhello\r\n")]
    [InlineData("5\rhello\r\n")]
    [InlineData("5\r\rhello\r\n")]
    [InlineData("5;a\nhello\r\n")] // bare LF in an extension
    [InlineData("5;a\rb\r\nhello\r\n")]
    [InlineData("5;a\0b\r\nhello\r\n")]
    [InlineData("5\r\nhelloX\r\n")]
    [InlineData("5\r\nhello\n0\r\n\r\n")]
    [InlineData("5\r\nhello\rX")]
    [InlineData("8000000000000000\r\n")]
    [InlineData("10000000000000005\r\nhello\r\n")] // 5 if cut to 64 bits
    [InlineData("0\r\n\n")]
    [InlineData("0\r\nA: b\n\r\n")]
    [InlineData("0\r\nA: b\rc\r\n\r\n")]
    [InlineData("0\r\n A: b\r\n\r\n")]
    [InlineData("0\r\nA : b\r\n\r\n")]
    [InlineData("0\r\nno colon\r\n\r\n")]
    [InlineData("0\r\nA: b\r\n folded\r\n\r\n")]
    [InlineData("0\r\nContent-Length: 5\r\n\r\n")]
    [InlineData("0\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("0\r\nHost: other\r\n\r\n")]
    [InlineData("0\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n")]
    [InlineData("0\r\nx-pico-error: none\r\n\r\n")]
    public void Body_Malformed_IsRefusedInPiecesOfAnySize(string body)
    {
        var all = Bytes.Of(body);
        for (var piece = 1; piece <= all.Length; piece++)
        {
            Follow(all, piece, 1, out var status);
            Assert.Equal(ChunkedStatus.Malformed, status);
        }
    }

    [Fact]
    public void Extension_LongerThanAllowed_IsRefused()
    {
        var all = Bytes.Of("5;" + new string('a', ChunkedScanner.MaxSizeLine));
        Follow(all, all.Length, all.Length, out var status);
        Assert.Equal(ChunkedStatus.Malformed, status);
    }

    [Fact]
    public void LeadingZeros_WithoutEnd_AreRefused()
    {
        var all = Bytes.Of(new string('0', ChunkedScanner.MaxSizeLine + 1));
        Follow(all, all.Length, all.Length, out var status);
        Assert.Equal(ChunkedStatus.Malformed, status);
    }

    [Fact]
    public void Trailers_WithoutEnd_AreRefusedAtTheBound()
    {
        var all = Bytes.Of("0\r\n" + string.Concat(Enumerable.Repeat("Abc: d\r\n", ChunkedScanner.MaxTrailers / 8 + 1)));
        Assert.Equal(3, Follow(all, all.Length, all.Length, out var status));
        Assert.Equal(ChunkedStatus.Malformed, status);
    }

    [Fact]
    public void Trailers_WhenComplete_AreTheLastBytesUsed()
    {
        var scanner = default(ChunkedScanner);
        var body = "1\r\nx\r\n0\r\nDigest: abc\r\n\r\n";
        Assert.Equal(ChunkedStatus.Complete, scanner.Scan(new(Bytes.Of(body)), out var used));
        Assert.Equal(body.Length, used);
        Assert.Equal("Digest: abc\r\n\r\n"u8.Length, scanner.TrailerLength);
    }

    private static long Follow(byte[] all, int piece, int segment, out ChunkedStatus status)
    {
        var scanner = default(ChunkedScanner);
        long consumed = 0;
        for (var end = Math.Min(piece, all.Length); ; end = Math.Min(end + piece, all.Length))
        {
            status = scanner.Scan(Bytes.Split(all.AsMemory((int)consumed, end - (int)consumed), segment), out var used);
            consumed += used;
            if (status != ChunkedStatus.Incomplete || end == all.Length)
                return consumed;
        }
    }

    private static string Data(byte[] all, int piece, int segment)
    {
        var scanner = default(ChunkedScanner);
        var text = "";
        var consumed = 0;
        for (var end = Math.Min(piece, all.Length); ; end = Math.Min(end + piece, all.Length))
        {
            while (true)
            {
                var status = scanner.ReadData(Bytes.Split(all.AsMemory(consumed, end - consumed), segment), out var used, out var data);
                consumed += (int)used;
                text += Bytes.Text(data);
                if (status != ChunkedStatus.Incomplete)
                    return text;
                if (data.IsEmpty)
                    break;
            }
        }
    }
}
