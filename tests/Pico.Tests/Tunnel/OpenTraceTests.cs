using System.Diagnostics;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Tunnel;

/// <summary>The trace context in OPEN.</summary>
public sealed class OpenTraceTests
{
    private static readonly ActivityContext Trace = new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);

    [Fact]
    public void Open_WithATrace_IsReadAsItWasWritten()
    {
        var read = Read(new StreamOpen { EndpointId = "orders", Protocol = EndpointProtocol.Http, Trace = Trace });
        Assert.Equal((Trace.TraceId, Trace.SpanId, Trace.TraceFlags, true), (read.Trace.TraceId, read.Trace.SpanId, read.Trace.TraceFlags, read.Trace.IsRemote));
        Assert.Equal("orders", read.EndpointId);
    }

    [Fact]
    public void Open_WithoutATrace_HasNone() => Assert.Equal(default, Read(new StreamOpen { EndpointId = "orders", Protocol = EndpointProtocol.Http }).Trace);

    [Theory]
    [InlineData(0)]
    [InlineData(24)]
    public void Open_WithATraceOfAnotherForm_HasNone(byte length)
    {
        // The trace is written last: field, length (2), value.
        var payload = new byte[FrameHeader.MaxControlPayload];
        var written = MessageCodec.WriteOpen(payload, new StreamOpen { EndpointId = "orders", Protocol = EndpointProtocol.Http, Trace = Trace }, 1);
        payload[written - 26] = length;
        var open = MessageCodec.ReadOpen(payload.AsSpan(0, written - 25 + length), out _);
        Assert.Equal((default, "orders"), (open.Trace, open.EndpointId));
    }

    private static StreamOpen Read(StreamOpen open)
    {
        var payload = new byte[FrameHeader.MaxControlPayload];
        return MessageCodec.ReadOpen(payload.AsSpan(0, MessageCodec.WriteOpen(payload, open, 65_536)), out _);
    }
}
