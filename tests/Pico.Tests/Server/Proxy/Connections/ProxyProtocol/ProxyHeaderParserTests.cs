using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Text;
using Pico.Server.Proxy.Connections.ProxyProtocol;

namespace Pico.Tests.Server.Proxy.Connections.ProxyProtocol;

public sealed class ProxyHeaderParserTests
{
    private const string V2Signature = "\r\n\r\n\0\r\nQUIT\n";

    [Theory]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", "192.0.2.1:56324", "198.51.100.1:443")]
    [InlineData("PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n", "[2001:db8::1]:1", "[2001:db8::2]:65535")]
    public void V1_Addresses_AreRead(string line, string source, string destination)
    {
        var header = AssertComplete(Encoding.ASCII.GetBytes(line));

        Assert.Equal(IPEndPoint.Parse(source), header.Source);
        Assert.Equal(IPEndPoint.Parse(destination), header.Destination);
    }

    [Theory]
    [InlineData("PROXY UNKNOWN\r\n")]
    [InlineData("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n")]
    public void V1_Unknown_KeepsTheConnectionsAddresses(string line) =>
        Assert.Equal(default, AssertComplete(Encoding.ASCII.GetBytes(line)));

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("PROXY TCP5 192.0.2.1 198.51.100.1 1 2\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3\r\n")]
    [InlineData("PROXY TCP4  192.0.2.1 198.51.100.1 1 2\r\n")]
    [InlineData("PROXY TCP4 192.0.2 198.51.100.1 1 2\r\n")]
    [InlineData("PROXY TCP4 2001:db8::1 198.51.100.1 1 2\r\n")]
    [InlineData("PROXY TCP6 192.0.2.1 2001:db8::1 1 2\r\n")]
    [InlineData("PROXY TCP6 [2001:db8::1] 2001:db8::1 1 2\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.1 65536 2\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.1 -1 2\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.1  2\r\n")]
    [InlineData("PROXY UNKNOWN 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\r\n")]
    public void V1_Malformed_IsRefused(string line) =>
        Assert.Equal(ProxyHeaderResult.Malformed, Parse(Encoding.ASCII.GetBytes(line)));

    [Fact]
    public void V2_Ipv4_IsRead()
    {
        var header = AssertComplete(V2(0x21, 0x11, [192, 0, 2, 1, 198, 51, 100, 1, 0x10, 0x00, 0x01, 0xBB]));

        Assert.Equal(IPEndPoint.Parse("192.0.2.1:4096"), header.Source);
        Assert.Equal(IPEndPoint.Parse("198.51.100.1:443"), header.Destination);
    }

    [Fact]
    public void V2_Ipv6WithTlvs_IsRead()
    {
        byte[] addresses = [.. IPAddress.Parse("2001:db8::1").GetAddressBytes(), .. IPAddress.Parse("2001:db8::2").GetAddressBytes(), 0, 7, 0, 9];
        var header = AssertComplete(V2(0x21, 0x21, [.. addresses, 0x04, 0, 3, 1, 2, 3]));

        Assert.Equal(IPEndPoint.Parse("[2001:db8::1]:7"), header.Source);
        Assert.Equal(IPEndPoint.Parse("[2001:db8::2]:9"), header.Destination);
    }

    [Theory]
    [InlineData(0x20, 0x11)] // LOCAL
    [InlineData(0x21, 0x00)] // AF_UNSPEC
    [InlineData(0x21, 0x31)] // AF_UNIX
    [InlineData(0x21, 0x71)] // unknown
    public void V2_LocalOrOtherFamily_KeepsTheConnectionsAddresses(byte command, byte family) =>
        Assert.Equal(default, AssertComplete(V2(command, family, [192, 0, 2, 1, 198, 51, 100, 1, 0, 1, 0, 2])));

    [Theory]
    [InlineData(0x11, 0x11, 12)]   // version 1 in the binary format
    [InlineData(0x22, 0x11, 12)]   // unknown command
    [InlineData(0x21, 0x11, 11)]   // addresses cut short
    [InlineData(0x21, 0x21, 12)]   // addresses of the wrong family's length
    [InlineData(0x21, 0x11, 4081)] // longer than is taken
    public void V2_Malformed_IsRefused(byte command, byte family, int length) =>
        Assert.Equal(ProxyHeaderResult.Malformed, Parse(V2(command, family, new byte[length])));

    [Fact]
    public void V2_WrongSignature_IsRefusedAtItsFirstWrongByte() =>
        Assert.Equal(ProxyHeaderResult.Malformed, Parse("\r\n\r\n\0\r\nQ-"u8.ToArray()));

    private static byte[] V2(byte command, byte family, byte[] rest)
    {
        var header = new byte[16 + rest.Length];
        Encoding.ASCII.GetBytes(V2Signature, header);
        header[12] = command;
        header[13] = family;
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(14), (ushort)rest.Length);
        rest.CopyTo(header, 16);
        return header;
    }

    /// <summary>Whole with something after it, cut anywhere, and in two segments split anywhere: always the same header.</summary>
    private static ProxyHeader AssertComplete(byte[] bytes)
    {
        byte[] withMore = [.. bytes, .. "GET"u8];
        Assert.Equal(ProxyHeaderResult.Complete, ProxyHeaderParser.Parse(withMore, out var header, out var length));
        Assert.Equal(bytes.Length, length);
        for (var i = 0; i < bytes.Length; i++)
        {
            Assert.Equal(ProxyHeaderResult.Incomplete, Parse(bytes[..i]));
            Assert.Equal(ProxyHeaderResult.Complete, ProxyHeaderParser.Parse(Sequences.Split(withMore, i), out var again, out length));
            Assert.Equal((header, bytes.Length), (again, length));
        }

        return header;
    }

    private static ProxyHeaderResult Parse(byte[] bytes) => ProxyHeaderParser.Parse(new ReadOnlySequence<byte>(bytes), out _, out _);
}
