using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Proxy.Http1;

/// <summary>
/// The stream that a connection's request is using, so that others (the client's end, a time-out) can abort it. Whoever takes the stream out has it:
/// a stream that the request took back is never aborted afterwards, when it may serve another request already.
/// </summary>
internal sealed class StreamSlot
{
    private TunnelStream? _stream;
    private int _interruption;
    private volatile bool _clientGone;

    /// <summary>Why the stream was aborted from outside of the request; else <see cref="ProxyError.None"/>.</summary>
    public ProxyError Interruption => (ProxyError)Volatile.Read(ref _interruption);

    /// <summary>Puts the request's stream in. If the client is gone already, it is aborted at once.</summary>
    public void Begin(TunnelStream stream)
    {
        Volatile.Write(ref _interruption, (int)ProxyError.None);
        Interlocked.Exchange(ref _stream, stream);
        if (_clientGone)
            Interrupt(ProxyError.ClientGone);
    }

    /// <summary>Takes the stream back. False if it was aborted meanwhile.</summary>
    public bool TryEnd() => Interlocked.Exchange(ref _stream, null) is not null;

    /// <summary>The client is gone, for this request and all to come.</summary>
    public void OnClientGone()
    {
        _clientGone = true;
        Interrupt(ProxyError.ClientGone);
    }

    /// <summary>Aborts the stream; false if there is none. Any thread.</summary>
    public bool Interrupt(ProxyError reason)
    {
        if (Interlocked.Exchange(ref _stream, null) is not { } stream)
            return false;
        Volatile.Write(ref _interruption, (int)reason);
        stream.Abort(reason is ProxyError.UpstreamTimeout or ProxyError.RequestTimeout ? StreamError.IdleTimeout : StreamError.Cancelled);
        return true;
    }
}
