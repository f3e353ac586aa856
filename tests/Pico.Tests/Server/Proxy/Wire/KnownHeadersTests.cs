using Pico.Server.Proxy.Wire;

namespace Pico.Tests.Server.Proxy.Wire;

public sealed class KnownHeadersTests
{
    [Theory]
    [InlineData("host", KnownHeader.Host)]
    [InlineData("content-length", KnownHeader.ContentLength)]
    [InlineData("transfer-encoding", KnownHeader.TransferEncoding)]
    [InlineData("connection", KnownHeader.Connection)]
    [InlineData("keep-alive", KnownHeader.KeepAlive)]
    [InlineData("proxy-connection", KnownHeader.ProxyConnection)]
    [InlineData("te", KnownHeader.Te)]
    [InlineData("trailer", KnownHeader.Trailer)]
    [InlineData("upgrade", KnownHeader.Upgrade)]
    [InlineData("http2-settings", KnownHeader.Http2Settings)]
    [InlineData("expect", KnownHeader.Expect)]
    [InlineData("forwarded", KnownHeader.Forwarded)]
    [InlineData("x-forwarded-for", KnownHeader.XForwardedFor)]
    [InlineData("x-forwarded-host", KnownHeader.XForwardedHost)]
    [InlineData("x-forwarded-proto", KnownHeader.XForwardedProto)]
    [InlineData("x-forwarded-port", KnownHeader.XForwardedOther)]
    [InlineData("x-forwarded-prefix", KnownHeader.XForwardedOther)]
    [InlineData("x-pico-endpoint", KnownHeader.PicoEndpoint)]
    [InlineData("x-pico-authorization", KnownHeader.PicoAuthorization)]
    [InlineData("authorization", KnownHeader.Authorization)]
    [InlineData("x-pico-error", KnownHeader.PicoError)]
    [InlineData("x-pico-forward", KnownHeader.PicoOther)]
    [InlineData("x-pico-forwards", KnownHeader.PicoOther)]
    [InlineData("date", KnownHeader.Date)]
    [InlineData("content_length", KnownHeader.FramingLookalike)]
    [InlineData("transfer_encoding", KnownHeader.FramingLookalike)]
    [InlineData("x_forwarded_for", KnownHeader.ForwardedLookalike)]
    [InlineData("x-forwarded_for", KnownHeader.ForwardedLookalike)]
    [InlineData("x_forwarded-prefix", KnownHeader.ForwardedLookalike)]
    [InlineData("x_real_ip_x", KnownHeader.Other)]
    [InlineData("content+length", KnownHeader.Other)]
    [InlineData("content-lengths", KnownHeader.Other)]
    [InlineData("x-picoerror", KnownHeader.Other)]
    [InlineData("x-", KnownHeader.Other)]
    [InlineData("accept", KnownHeader.Other)]
    public void Name_InAnyCase_IsRecognized(string name, object known)
    {
        Assert.Equal((KnownHeader)known, KnownHeaders.Identify(Bytes.Of(name)));
        Assert.Equal((KnownHeader)known, KnownHeaders.Identify(Bytes.Of(name.ToUpperInvariant())));
    }
}
