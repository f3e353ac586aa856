using Pico.Server.Proxy.Wire;

namespace Pico.Tests.Server.Proxy.Wire;

public sealed class ResponseHeadTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, BodyKind.Length, 5, true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, BodyKind.None, 0, true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\n", 200, BodyKind.Length, 5, true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n", 200, BodyKind.Length, long.MaxValue, true)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", 200, BodyKind.Chunked, 0, true)]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n", 200, BodyKind.UntilClose, 0, false)]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", 204, BodyKind.None, 0, true)]
    [InlineData("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, BodyKind.None, 0, true)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n", 100, BodyKind.None, 0, true)]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 101, BodyKind.None, 0, true)]
    [InlineData("HTTP/1.1 200\r\nContent-Length: 5\r\n\r\n", 200, BodyKind.Length, 5, true)]
    [InlineData("HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\n", 200, BodyKind.Length, 5, true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: x, Close\r\n\r\n", 200, BodyKind.Length, 5, false)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", 200, BodyKind.Length, 5, false)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n", 200, BodyKind.Length, 5, true)]
    public void Response_Valid_GivesItsFraming(string head, int status, object kind, long length, bool keepsAlive)
    {
        Assert.Equal(HeadStatus.Complete, Parse(head, out var response));
        Assert.Equal(status, response.Status);
        Assert.Equal(new BodyFraming((BodyKind)kind, length), response.Framing);
        Assert.Equal(keepsAlive, response.KeepsAlive);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")]
    public void Response_ToHead_HasNoBody(string head)
    {
        Assert.Equal(HeadStatus.Complete, ResponseHead.Parse(Bytes.Of(head), new HeaderList(), toHead: true, out var response));
        Assert.Equal(BodyKind.None, response.Framing.Kind);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nA : b\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n: b\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nno colon\r\n\r\n")]
    [InlineData("HTTP/1.1 200 O\u0001K\r\n\r\n")]
    [InlineData("HTTP/1.1 20 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 099 OK\r\n\r\n")]
    [InlineData("HTTP/1.1  200 OK\r\n\r\n")]
    [InlineData("HTTP/1.2 200 OK\r\n\r\n")]
    [InlineData("HTTP/2.0 200 OK\r\n\r\n")]
    [InlineData("http/1.1 200 OK\r\n\r\n")]
    [InlineData("ICY 200 OK\r\n\r\n")]
    [InlineData("\r\n")]
    public void Response_Invalid_IsRefused(string head) => Assert.Equal(HeadStatus.Malformed, Parse(head, out _));

    [Fact]
    public void Response_WithTooManyFields_IsRefused()
    {
        var head = "HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat("A: b\r\n", HeaderList.MaxFields + 1)) + "\r\n";
        Assert.Equal(HeadStatus.TooLarge, Parse(head, out _));
    }

    [Fact]
    public void Fields_KeepOrderRepetitionAndBytes()
    {
        var head = Bytes.Of("HTTP/1.1 200 All good\r\nSet-Cookie: a=1\r\nX-B:\t \u00e9 b \t\r\nset-cookie:b\r\n\r\n");
        var fields = new HeaderList();
        Assert.Equal(HeadStatus.Complete, ResponseHead.Parse(head, fields, toHead: false, out var response));

        Assert.Equal("All good", Bytes.Text(response.Reason(head)));
        Assert.Equal(3, fields.Fields.Length);
        Assert.Equal("Set-Cookie|a=1", Text(fields.Fields[0], head));
        Assert.Equal("X-B|\u00e9 b", Text(fields.Fields[1], head));
        Assert.Equal("set-cookie|b", Text(fields.Fields[2], head));
    }

    private static string Text(HeaderField field, byte[] head) => Bytes.Text(field.Name(head)) + "|" + Bytes.Text(field.Value(head));

    private static HeadStatus Parse(string head, out ResponseHead response) =>
        ResponseHead.Parse(Bytes.Of(head), new HeaderList(), toHead: false, out response);
}
