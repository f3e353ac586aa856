using System.Buffers;
using System.Net;
using System.Text;
using Pico.Server.Proxy.Forwarded;

namespace Pico.Tests.Server.Proxy.Forwarded;

public sealed class ForwardedTrailTests
{
    private static readonly IPAddress Peer = IPAddress.Parse("192.0.2.7");

    [Fact]
    public void Stranger_ClaimsAreDroppedAndOursSet()
    {
        var lines = Write(new ForwardedHop(Peer, secure: false, trusted: false), "a.example.com:8000",
            ("x-forwarded-for", "6.6.6.6"), ("X-FORWARDED-PROTO", "https"), ("X-Forwarded-Port", "1"), ("Forwarded", "for=6.6.6.6"));

        Assert.Equal(
            [
                "X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: http", "X-Forwarded-Host: a.example.com:8000",
                "Forwarded: for=192.0.2.7;host=\"a.example.com:8000\";proto=http",
            ],
            lines);
    }

    [Fact]
    public void Stranger_NextRequestWithAnotherHost_NamesThatHost()
    {
        var trail = new ForwardedTrail(new ForwardedHop(Peer, secure: true, trusted: false));
        var first = Lines(trail, "a.example.com");
        var again = Lines(trail, "a.example.com");
        var other = Lines(trail, "b.example.com");

        Assert.Equal(first, again);
        Assert.Contains("Forwarded: for=192.0.2.7;host=a.example.com;proto=https", first);
        Assert.Contains("Forwarded: for=192.0.2.7;host=b.example.com;proto=https", other);
    }

    [Fact]
    public void Trusted_ForIsAppendedTo_TheRestKept()
    {
        var lines = Write(new ForwardedHop(Peer, secure: false, trusted: true), "a.example.com",
            ("X-Forwarded-For", "203.0.113.1"), ("X-Forwarded-For", "203.0.113.2"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Port", "443"));

        Assert.Equal(
            [
                "X-Forwarded-For: 203.0.113.1, 203.0.113.2, 192.0.2.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: a.example.com",
                "X-Forwarded-Port: 443",
            ],
            lines);
    }

    [Fact]
    public void Trusted_ForwardedIsAppendedTo()
    {
        var lines = Write(new ForwardedHop(IPAddress.Parse("2001:db8::1%3"), secure: true, trusted: true), "a.example.com",
            ("Forwarded", "for=\"[2001:db8::9]\";proto=https"));

        Assert.Equal(["Forwarded: for=\"[2001:db8::9]\";proto=https, for=\"[2001:db8::1]\";host=a.example.com;proto=https"], lines);
    }

    [Fact]
    public void Trusted_SaysNothing_BothFamiliesAreSet()
    {
        var lines = Write(new ForwardedHop(Peer, secure: false, trusted: true), "");

        Assert.Equal(["X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: http", "Forwarded: for=192.0.2.7;proto=http"], lines);
    }

    [Fact]
    public void Trusted_NextRequest_DoesNotSeeTheLastOnes()
    {
        var trail = new ForwardedTrail(new ForwardedHop(Peer, secure: false, trusted: true));
        trail.TryTake("X-Forwarded-For", "203.0.113.1");
        trail.Reset();

        Assert.Contains("X-Forwarded-For: 192.0.2.7", Lines(trail, "a.example.com"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OtherForwardedHeaders_PassFromTrustedProxiesOnly(bool trusted)
    {
        var trail = new ForwardedTrail(new ForwardedHop(Peer, secure: false, trusted));

        Assert.Equal(!trusted, trail.TryTake("X-Forwarded-Prefix", "x"));
        Assert.Equal(!trusted, trail.TryTake("x-forwarded-SSL"u8, "x"u8));
        Assert.Equal(!trusted, trail.TryTake("X-Real-IP", "x"));
    }

    [Theory]
    [InlineData("X-Real-User")]
    [InlineData("forwarder")]
    public void OtherHeaders_AreNotTaken(string name)
    {
        var trail = new ForwardedTrail(new ForwardedHop(Peer, secure: false, trusted: false));

        Assert.False(trail.TryTake(name, "x"));
        Assert.False(trail.TryTake(Encoding.ASCII.GetBytes(name), "x"u8));
    }

    [Fact]
    public void Peer_Ipv4MappedOrUnknown_IsWrittenPlainly()
    {
        Assert.Equal("192.0.2.7", Encoding.ASCII.GetString(new ForwardedHop(Peer.MapToIPv6(), false, false).For));
        Assert.Equal("unknown", Encoding.ASCII.GetString(new ForwardedHop(null, false, false).For));
    }

    [Theory]
    [InlineData("10.0.0.0/8", "10.1.2.3", true)]
    [InlineData("10.0.0.0/8", "::ffff:10.1.2.3", true)]
    [InlineData("10.0.0.0/8", "11.1.2.3", false)]
    [InlineData("10.0.0.1", "10.0.0.1", true)]
    [InlineData("fd00::/8", "fd12::1", true)]
    [InlineData("fd00::/8", "10.0.0.1", false)]
    public void TrustedNetworks_ContainWhatLiesInThem(string network, string address, bool expected) =>
        Assert.Equal(expected, new TrustedNetworks([network]).Contains(IPAddress.Parse(address)));

    [Fact]
    public void TrustedNetworks_NoNetwork_IsRefusedWithItsText() =>
        Assert.Contains("10.0.0/x", Assert.Throws<FormatException>(() => new TrustedNetworks(["10.0.0/x"])).Message, StringComparison.Ordinal);

    private static string[] Write(ForwardedHop hop, string host, params (string Name, string Value)[] headers)
    {
        var strings = new ForwardedTrail(hop);
        var bytes = new ForwardedTrail(hop);
        foreach (var (name, value) in headers)
        {
            Assert.True(strings.TryTake(name, value));
            Assert.True(bytes.TryTake(Encoding.ASCII.GetBytes(name), Encoding.ASCII.GetBytes(value)));
        }

        var lines = Lines(bytes, host);
        Assert.Equal(lines, Lines(strings, host));
        return lines;
    }

    private static string[] Lines(ForwardedTrail trail, string host)
    {
        var output = new ArrayBufferWriter<byte>();
        trail.WriteTo(output, Encoding.ASCII.GetBytes(host));
        return Encoding.ASCII.GetString(output.WrittenSpan).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
    }
}
