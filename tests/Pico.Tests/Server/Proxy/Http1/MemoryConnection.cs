using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Pico.Tests.Server.Proxy.Http1;

/// <summary>
/// A client connection on pipes, from both sides. As on a socket: the end of what the client sends fires ConnectionClosed, and an
/// abort is seen by the client as a broken connection.
/// </summary>
internal sealed class MemoryConnection : ConnectionContext, IConnectionLifetimeNotificationFeature, IDuplexPipe
{
    private readonly Pipe _up = new(new PipeOptions(pauseWriterThreshold: 1024 * 1024, useSynchronizationContext: false));
    private readonly Pipe _down = new(new PipeOptions(pauseWriterThreshold: 64 * 1024, useSynchronizationContext: false));
    private readonly CancellationTokenSource _closed = new();
    private readonly CancellationTokenSource _closeRequested = new();
    private readonly FeatureCollection _features = new();
    private readonly ReceivedText _received;

    public MemoryConnection()
    {
        _features.Set<IConnectionLifetimeNotificationFeature>(this);
        _received = new(_down.Reader, "connection", () => _down.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(20)));
        Transport = this;
        ConnectionClosed = _closed.Token;
        ConnectionClosedRequested = _closeRequested.Token;
        RemoteEndPoint = new IPEndPoint(IPAddress.Parse("192.0.2.7"), 4711);
    }

    public override string ConnectionId { get; set; } = "test";

    public override IFeatureCollection Features => _features;

    public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

    public override IDuplexPipe Transport { get; set; }

    public CancellationToken ConnectionClosedRequested { get; set; }

    public PipeReader Input => _up.Reader;

    public PipeWriter Output => _down.Writer;

    /// <summary>What the server's side makes of the connection: true when it is over.</summary>
    public Task<bool> Served { get; set; } = Task.FromResult(false);

    public bool IsAborted { get; private set; }

    public PipeWriter ClientOutput => _up.Writer;

    public PipeReader ClientInput => _down.Reader;

    public void RequestClose() => _closeRequested.Cancel();

    public override void Abort(ConnectionAbortedException abortReason)
    {
        IsAborted = true;
        _features.Set<IConnectionSocketFeature>(new Disconnected());
        _down.Writer.CancelPendingFlush();
        _down.Writer.Complete(new IOException("reset"));
        _up.Writer.Complete(new IOException("reset"));
        _closed.Cancel();
    }

    public override ValueTask DisposeAsync()
    {
        _closed.Dispose();
        _closeRequested.Dispose();
        return base.DisposeAsync();
    }

    public async Task SendAsync(string text) => await _up.Writer.WriteAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>The client sends no more. To the server this looks the same as if it were gone.</summary>
    public void EndSending()
    {
        _up.Writer.Complete();
        _closed.Cancel();
    }

    /// <summary>Reads until <paramref name="end"/> has come, and gives everything up to it; throws if the connection ends or breaks before.</summary>
    public Task<string> ReadToAsync(string end) => _received.ReadToAsync(end);

    public Task<string> ReadHeadAsync() => ReadToAsync("\r\n\r\n");

    public Task<string> ReadAsync(int length) => _received.ReadAsync(length);

    /// <summary>Everything until the server closes; throws if the connection breaks.</summary>
    public Task<string> ReadToEndAsync() => _received.ReadToEndAsync();

    private sealed class Disconnected : IConnectionSocketFeature
    {
        public Socket Socket { get; } = new(SocketType.Stream, ProtocolType.Tcp);
    }
}
