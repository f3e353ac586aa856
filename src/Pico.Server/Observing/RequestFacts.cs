using System.Net;

namespace Pico.Server.Observing;

/// <summary>What a request's head says that traces and the access log tell. Slices of the head, or what was made of it.</summary>
internal ref struct RequestFacts
{
    /// <summary>As it was received.</summary>
    public ReadOnlySpan<byte> Method;

    /// <summary>Path and query, as they were received.</summary>
    public ReadOnlySpan<byte> Target;

    public ReadOnlySpan<byte> Host;

    public ReadOnlySpan<byte> UserAgent;

    /// <summary>The value of <c>x-request-id</c>.</summary>
    public ReadOnlySpan<byte> RequestId;

    /// <summary>The value of <c>traceparent</c>; empty if there is none, or more than one.</summary>
    public ReadOnlySpan<byte> TraceParent;

    /// <summary>The value of <c>tracestate</c>, the first one.</summary>
    public ReadOnlySpan<byte> TraceState;

    /// <summary>How often <c>traceparent</c> came.</summary>
    public int TraceParents;

    /// <summary><c>HTTP/1.1</c> …</summary>
    public string Protocol;

    /// <summary>The client's connection is encrypted.</summary>
    public bool IsSecure;

    /// <summary>The client: as trusted proxies name it, else the peer.</summary>
    public IPAddress? Client;

    /// <summary>Takes a header of the request, if it is one of those that count.</summary>
    public void Take(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        switch (name.Length)
        {
            case 10 when System.Text.Ascii.EqualsIgnoreCase(name, "user-agent"u8):
                UserAgent = value;
                break;
            case 10 when TraceState.IsEmpty && System.Text.Ascii.EqualsIgnoreCase(name, "tracestate"u8):
                TraceState = value;
                break;
            case 11 when System.Text.Ascii.EqualsIgnoreCase(name, "traceparent"u8):
                TraceParent = ++TraceParents == 1 ? value : default;
                break;
            case 12 when System.Text.Ascii.EqualsIgnoreCase(name, "x-request-id"u8):
                RequestId = value;
                break;
        }
    }
}
