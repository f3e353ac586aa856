using System.Buffers;

namespace Pico.Server.Observing.AccessLogs;

/// <summary>What an entry is written with: the node's name, the clock's frequency, and what the options say. Not for two writers at a time.</summary>
internal abstract class AccessLine(AccessLogOptions options, string nodeId, long frequency) : IDisposable
{
    private readonly ArrayBufferWriter<byte> _query = new(AccessEntry.MaxTarget);

    /// <summary>The headers of requests that entries may have.</summary>
    public LoggedHeaders RequestHeaders { get; } = new(options.RequestHeaders);

    /// <summary>The headers of responses that entries may have.</summary>
    public LoggedHeaders ResponseHeaders { get; } = new(options.ResponseHeaders);

    protected string NodeId => nodeId;

    /// <summary>Makes what <paramref name="options"/> ask for.</summary>
    public static AccessLine Create(AccessLogOptions options, string nodeId, long frequency) =>
        options.Format == AccessLogFormat.Json ? new JsonAccessLine(options, nodeId, frequency) : new TextAccessLine(options, nodeId, frequency);

    /// <inheritdoc/>
    public virtual void Dispose() => GC.SuppressFinalize(this);

    /// <summary>Writes one line.</summary>
    public abstract void Write(ArrayBufferWriter<byte> output, AccessEntry entry);

    /// <summary>Milliseconds since the entry began, with three decimals; negative if <paramref name="timestamp"/> is 0.</summary>
    protected double Milliseconds(AccessEntry entry, long timestamp) =>
        timestamp == 0 ? -1 : Math.Round((timestamp - entry.StartedAt) * 1000.0 / frequency, 3);

    /// <summary>The path and what is to be logged of the query, which stays valid until the next call.</summary>
    protected void Split(AccessEntry entry, out ReadOnlySpan<byte> path, out ReadOnlySpan<byte> query)
    {
        path = entry.Text(entry.Target);
        query = default;
        var mark = path.IndexOf((byte)'?');
        if (mark < 0)
            return;
        if (options.Query == AccessLogQuery.Full)
            query = path[(mark + 1)..];
        else if (options.Query == AccessLogQuery.Names)
        {
            _query.ResetWrittenCount();
            QueryRedaction.Write(_query, path[(mark + 1)..]);
            query = _query.WrittenSpan;
        }

        path = path[..mark];
    }

    /// <summary>The headers that a kept one belongs to.</summary>
    protected LoggedHeaders Names(bool isResponse) => isResponse ? ResponseHeaders : RequestHeaders;

    /// <summary>What is written of a header's value.</summary>
    protected ReadOnlySpan<byte> Value(AccessEntry entry, in (short Header, bool IsResponse, TextSlice Value) kept) =>
        Names(kept.IsResponse).IsSecret(kept.Header) ? QueryRedaction.Mask : entry.Text(kept.Value);
}
