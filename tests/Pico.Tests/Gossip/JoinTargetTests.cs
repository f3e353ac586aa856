using Pico.Gossip;

namespace Pico.Tests.Gossip;

/// <summary>How a target to join may be written.</summary>
public sealed class JoinTargetTests
{
    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1", null)]
    [InlineData("10.0.0.1:9000", "10.0.0.1", 9000)]
    [InlineData("pico-gossip.pico.svc", "pico-gossip.pico.svc", null)]
    [InlineData(" pico:8002 ", "pico", 8002)]
    [InlineData("::1", "::1", null)]
    [InlineData("2001:db8::7", "2001:db8::7", null)]
    [InlineData("[::1]", "::1", null)]
    [InlineData("[2001:db8::7]:9000", "2001:db8::7", 9000)]
    public void TryParse_WhatCanBeJoined_IsReadAsHostAndPort(string text, string host, int? port)
    {
        Assert.True(JoinTarget.TryParse(text, out var target));
        Assert.Equal(new JoinTarget(host, port), target);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData(":8002")]
    [InlineData("pico:0")]
    [InlineData("pico:70000")]
    [InlineData("pico:x")]
    [InlineData("[::1]:")]
    [InlineData("[pico]:8002")]
    [InlineData("two words")]
    [InlineData("http://pico:8002")]
    public void TryParse_WhatCannot_IsRefused(string? text)
    {
        Assert.False(JoinTarget.TryParse(text, out _));
    }
}
