using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Pico.Server.Proxy;

namespace Pico.Server.Observing.AccessLogs;

/// <summary>Entries as JSON. What is not known is left out.</summary>
internal sealed class JsonAccessLine(AccessLogOptions options, string nodeId, long frequency) : AccessLine(options, nodeId, frequency)
{
    private static readonly JsonEncodedText Time = JsonEncodedText.Encode("time"), Node = JsonEncodedText.Encode("node"), Endpoint = JsonEncodedText.Encode("endpoint"),
        Client = JsonEncodedText.Encode("client"), Method = JsonEncodedText.Encode("method"), Host = JsonEncodedText.Encode("host"), Path = JsonEncodedText.Encode("path"),
        Query = JsonEncodedText.Encode("query"), Protocol = JsonEncodedText.Encode("protocol"), Status = JsonEncodedText.Encode("status"), Error = JsonEncodedText.Encode("error"),
        Upstream = JsonEncodedText.Encode("upstream"), UpstreamId = JsonEncodedText.Encode("upstreamId"), RelayNode = JsonEncodedText.Encode("relayNode"),
        Tries = JsonEncodedText.Encode("tries"), Upgraded = JsonEncodedText.Encode("upgraded"), Wait = JsonEncodedText.Encode("waitMs"), Head = JsonEncodedText.Encode("headMs"),
        Total = JsonEncodedText.Encode("totalMs"), BytesIn = JsonEncodedText.Encode("bytesIn"), BytesOut = JsonEncodedText.Encode("bytesOut"),
        UserAgent = JsonEncodedText.Encode("userAgent"), RequestId = JsonEncodedText.Encode("requestId"), TraceId = JsonEncodedText.Encode("traceId");

    private readonly Utf8JsonWriter _json = new(Stream.Null, new JsonWriterOptions { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    private readonly JsonEncodedText _node = JsonEncodedText.Encode(nodeId);

    /// <inheritdoc/>
    public override void Write(ArrayBufferWriter<byte> output, AccessEntry entry)
    {
        Split(entry, out var path, out var query);
        _json.Reset(output);
        _json.WriteStartObject();
        _json.WriteString(Time, entry.Time.UtcDateTime);
        _json.WriteString(Node, _node);
        Add(Endpoint, entry.EndpointId);
        AddClient(entry);
        Add(Method, entry.Text(entry.Method));
        Add(Host, entry.Text(entry.Host));
        Add(Path, path);
        Add(Query, query);
        Add(Protocol, entry.Protocol);
        if (entry.Status != 0)
            _json.WriteNumber(Status, entry.Status);
        if (entry.Error != ProxyError.None)
            _json.WriteString(Error, ProxyErrors.Code(entry.Error));
        if (entry.Upstream is { } upstream)
        {
            Add(Upstream, upstream.AgentName);
            Add(UpstreamId, upstream.AgentId);
            Add(RelayNode, upstream.NodeId);
        }

        if (entry.Tries > 1)
            _json.WriteNumber(Tries, entry.Tries);
        if (entry.IsUpgraded)
            _json.WriteBoolean(Upgraded, true);
        AddTime(Wait, Milliseconds(entry, entry.ConnectedAt));
        AddTime(Head, Milliseconds(entry, entry.HeadAt));
        AddTime(Total, Milliseconds(entry, entry.EndedAt));
        _json.WriteNumber(BytesIn, entry.BytesIn);
        _json.WriteNumber(BytesOut, entry.BytesOut);
        Add(UserAgent, entry.Text(entry.UserAgent));
        Add(RequestId, entry.Text(entry.RequestId));
        Add(TraceId, entry.Text(entry.TraceId));
        if (!entry.Headers.IsEmpty)
        {
            AddHeaders("requestHeaders"u8, entry, isResponse: false);
            AddHeaders("responseHeaders"u8, entry, isResponse: true);
        }

        _json.WriteEndObject();
        _json.Flush();
        output.Write("\n"u8);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _json.Dispose();
        base.Dispose();
    }

    private void AddClient(AccessEntry entry)
    {
        Span<byte> address = stackalloc byte[64];
        if (entry.Client is { } client && client.TryFormat(address, out var length))
            _json.WriteString(Client, address[..length]);
    }

    private void Add(JsonEncodedText name, string value)
    {
        if (value.Length > 0)
            _json.WriteString(name, value);
    }

    private void Add(JsonEncodedText name, ReadOnlySpan<byte> value)
    {
        if (!value.IsEmpty)
            _json.WriteString(name, value);
    }

    private void AddTime(JsonEncodedText name, double milliseconds)
    {
        if (milliseconds >= 0)
            _json.WriteNumber(name, milliseconds);
    }

    // A header that came several times is so several times: whoever wants it as one object takes the last.
    private void AddHeaders(ReadOnlySpan<byte> name, AccessEntry entry, bool isResponse)
    {
        var begun = false;
        foreach (ref readonly var kept in entry.Headers)
        {
            if (kept.IsResponse != isResponse)
                continue;
            if (!begun)
                _json.WriteStartObject(name);
            begun = true;
            _json.WriteString(Names(isResponse)[kept.Header], Value(entry, kept));
        }

        if (begun)
            _json.WriteEndObject();
    }
}
