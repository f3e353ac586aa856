using Pico.Server.Proxy.Wire;

namespace Pico.Tests.Server.Proxy.Wire;

public sealed class HopByHopTests
{
    [Theory]
    [InlineData("keep-alive", ConnectionOptions.KeepAlive)]
    [InlineData("Close", ConnectionOptions.Close)]
    [InlineData(" , close ,, Upgrade,x-a", ConnectionOptions.Close | ConnectionOptions.Upgrade | ConnectionOptions.NamesFields)]
    [InlineData("closed", ConnectionOptions.NamesFields)]
    [InlineData("", ConnectionOptions.None)]
    public void Connection_IsReadAsAListWithoutCase(string value, object options) =>
        Assert.Equal((ConnectionOptions)options, HopByHop.Options(Bytes.Of(value)));

    [Fact]
    public void Fields_ForOneHop_AreDropped() => Assert.Equal(
        ["Accept", "Trailer", "Proxy-Authorization"],
        Kept("Accept: a\r\nConnection: x-one, X-TWO\r\nConnection: x-three\r\nKeep-Alive: 5\r\nProxy-Connection: close\r\nTE: trailers\r\nTrailer: x\r\n"
            + "Transfer-Encoding: chunked\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nX-One: 1\r\nx-two: 2\r\nX-Three: 3\r\nProxy-Authorization: x\r\n"));

    [Theory]
    [InlineData("Host")]
    [InlineData("Content-Length")]
    [InlineData("x-pico-endpoint")]
    [InlineData("x-pico-anything")]
    [InlineData("X-Forwarded-For")]
    [InlineData("X-Forwarded-Port")]
    [InlineData("Forwarded")]
    [InlineData("X-Real-IP")]
    [InlineData("Authorization")]
    [InlineData("Cookie")]
    [InlineData("Set-Cookie")]
    [InlineData("Cache-Control")]
    public void Connection_NamingAnEndToEndField_DoesNotStripIt(string name) =>
        Assert.Equal([name], Kept($"Connection: close, {name.ToLowerInvariant()}\r\n{name}: 1\r\n"));

    private static string[] Kept(string lines)
    {
        var head = Bytes.Of(lines + "\r\n");
        var list = new HeaderList();
        Assert.Equal(HeadStatus.Complete, list.Parse(head, 0));
        var options = HopByHop.Options(head, list.Fields);
        var kept = new List<string>();
        foreach (var field in list.Fields)
        {
            if (!HopByHop.IsDropped(field, options, head, list.Fields))
                kept.Add(Bytes.Text(field.Name(head)));
        }

        return [.. kept];
    }
}
