using System.Buffers;
using System.IO.Pipelines;
using Pico.Tunnel.Protocol;

namespace Pico.Tunnel.Splicing;

/// <summary>A tunnel's stream as an end of a splice.</summary>
public sealed class TunnelStreamEnd(TunnelStream stream) : SpliceEnd
{
    /// <inheritdoc/>
    public override PipeReader Input => stream.Input;

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlySequence<byte> data) => stream.WriteAsync(data);

    /// <inheritdoc/>
    public override void CompleteOutput() => stream.CompleteOutput();

    /// <inheritdoc/>
    public override void Abort(StreamError error) => stream.Abort(error);

    /// <inheritdoc/>
    public override StreamError Error => stream.Error;

    /// <inheritdoc/>
    public override void OnBroken(Action<object?> callback, object? state) => stream.OnBroken(callback, state);
}
